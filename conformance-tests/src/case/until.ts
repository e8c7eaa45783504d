import { Failure } from './failure.js'
import type { World } from './world.js'

/** How often a condition is looked at while nothing happens: this many times in all. */
const LOOKS = 50

/** Waits for a condition; looked at after each event of the history, and now and then. */
export async function until(
  { time, history }: World,
  condition: () => boolean,
  { within, what }: { readonly within: number; readonly what: string },
): Promise<void> {
  if (condition()) return
  const deadline = time.clock.monotonic() + within
  await new Promise<void>((resolve, reject) => {
    let timer: unknown
    let isSettled = false
    const settle = (finish: () => void) => {
      isSettled = true
      time.timers.clearTimeout(timer)
      stop()
      finish()
    }
    const look = () => {
      if (isSettled) return
      try {
        if (condition()) return settle(resolve)
      } catch (error) {
        return settle(() => reject(error))
      }
      if (time.clock.monotonic() < deadline) return
      settle(() => reject(new Failure(`Not within ${within} ms: ${what}`)))
    }
    const tick = () => {
      look()
      if (!isSettled) timer = time.timers.setTimeout(tick, Math.max(1, within / LOOKS))
    }
    // What an event is about is often only complete when its listeners have run.
    const stop = history.onEvent(() => queueMicrotask(look))
    tick()
  })
}
