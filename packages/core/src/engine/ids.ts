import type { Environment } from '../driver/environment.js'

/** Makes message ids: the broker's instance and a counter. Unique without asking anybody, and cheap. */
export function idSource(environment: Environment): () => string {
  const prefix = `${environment.instance}-`
  let count = 0
  return () => prefix + ++count
}
