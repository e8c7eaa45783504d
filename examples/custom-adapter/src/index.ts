export { sqlite } from './adapter.ts'
