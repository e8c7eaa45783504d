export type { PublishReport } from '../errors/pluribus-error.js'
