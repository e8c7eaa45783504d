import type { Environment } from '../../driver/environment.js'
import { randomText } from '../environment.js'

/**
 * What the ids of a broker begin with: random text, drawn once. With a counter behind it, unique without asking anybody, and
 * cheap. Not the broker's instance, which an application may name itself, and the same after a restart.
 */
export const idPrefix = ({ random }: Environment): string => `${randomText(random)}-`
