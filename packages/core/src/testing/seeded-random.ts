/**
 * A reproducible source of numbers from 0 inclusive to 1 exclusive. The algorithm is sfc32 by Chris Doty-Humphrey
 * (PractRand, public domain), seeded and warmed up as in bryc's collection (github.com/bryc/code, PRNGs.md, public
 * domain). Not for secrets.
 *
 * @param seed Any number; its lower 32 bits count.
 *
 * @example
 * ```ts
 * import { seededRandom } from '@pluribus/core/testing'
 *
 * const random = seededRandom(7)
 * const dice = () => 1 + Math.floor(random() * 6)
 * ```
 */
export function seededRandom(seed: number): () => number {
  let a = 0x9e3779b9
  let b = 0x243f6a88
  let c = 0xb7e15162
  let d = seed ^ 0xdeadbeef
  const next = () => {
    const sum = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 4_294_967_296
  }
  // Neighbouring seeds differ in one bit of the state: the first rounds spread it.
  for (let round = 0; round < 15; round++) next()
  return next
}
