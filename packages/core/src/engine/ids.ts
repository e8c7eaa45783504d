import type { Environment } from '../driver/environment.js'
import { randomText } from './environment.js'

/**
 * Makes message ids: random text, drawn once, and a counter. Unique without asking anybody, and cheap. Not the broker's
 * instance, which an application may name itself, and the same after a restart.
 */
export function idSource({ random }: Environment): () => string {
  const prefix = `${randomText(random)}-`
  let count = 0
  return () => prefix + ++count
}
