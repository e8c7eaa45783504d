import type { ActorWork } from './order.js'

/** The fractional part of its multiples is spread evenly. */
const GOLDEN = 0.618_033_988_75

/** A handler at work on the message of this number. */
export async function work({ takes, fails }: ActorWork, n: number, attempt: number): Promise<undefined> {
  await new Promise(resolve => setTimeout(resolve, ((n * GOLDEN) % 1) * takes))
  const isHopeless = n % (fails * fails) === 1
  if (isHopeless || (n % fails === 1 && attempt === 1)) throw new Error('as it was told')
  return undefined
}
