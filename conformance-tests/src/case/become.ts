import type { CaseContext } from './context.js'
import { equal } from './expect.js'
import { same } from './same.js'

/** How often something that has to be asked for is looked at, at most. */
const LOOKS = 25

/** Asks again and again until the answer is the expected one; fails with the last one after `timing.arrive`. */
export async function become<T>(it: CaseContext, ask: () => Promise<T>, expected: T, what: string): Promise<void> {
  const { arrive } = it.timing
  const deadline = it.clock.monotonic() + arrive
  for (;;) {
    const answer = await ask()
    if (same(answer, expected)) return
    if (it.clock.monotonic() >= deadline) return equal(answer, expected, what)
    await it.elapse(arrive / LOOKS)
  }
}
