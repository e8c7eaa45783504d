import { AsyncLocalStorage } from 'node:async_hooks'
import type { TimerHandle, Timers } from '../driver/environment.js'
import { TimerQueue, type VirtualTimer } from './timer-queue.js'

/** What a real timer can hold, in milliseconds: a longer one calls back after this, and so does ours. */
const LONGEST = 2_147_483_647
const SHOWN = 10

/** What is to be called, and how: in the async context of who made it. */
export type Due = Pick<VirtualTimer, 'callback' | 'resume'>

class VirtualImmediate {
  /** Gone once it has run or been cleared. */
  callback: (() => void) | undefined
  /** As with real ones, whoever made it is the one it runs for: async context goes with it. */
  readonly resume = AsyncLocalStorage.snapshot()

  constructor(callback: () => void) {
    this.callback = callback
  }
}

/** One line of source says best which timer this is. */
const describe = (callback: () => void): string => {
  const source = String(callback).replace(/\s+/g, ' ')
  return source.length <= 100 ? source : `${source.slice(0, 99)}…`
}

/** The {@link Timers} of a virtual clock: what waits for its time, and what waits for its turn. */
export class VirtualTimers implements Timers {
  readonly #timers = new TimerQueue()
  #immediates: VirtualImmediate[] = []
  /** Those before it are gone: a queue that is taken from in front, without moving the rest. */
  #nextImmediate = 0
  readonly #elapsed: () => number
  #created = 0

  /** @param elapsed The virtual time, in milliseconds. */
  constructor(elapsed: () => number) {
    this.#elapsed = elapsed
  }

  /** How many timers and immediates have ever been made: unchanged means that nothing new was queued. */
  get created(): number {
    return this.#created
  }

  get pending(): number {
    return this.#timers.size
  }

  /** When the next timer is due, if there is one. */
  get nextAt(): number | undefined {
    return this.#timers.first()?.at
  }

  /**
   * Whole milliseconds, rounded up: with fractions, `deadline - now` could be a rest too small to move the clock.
   * Throws on NaN, which a real timer would take for 1.
   */
  setTimeout(callback: () => void, ms: number): TimerHandle {
    if (Number.isNaN(ms)) throw new RangeError(`A timer was set to NaN milliseconds: ${describe(callback)}`)
    const delay = Math.min(Math.max(Math.ceil(ms), 0), LONGEST)
    const resume = AsyncLocalStorage.snapshot()
    const timer: VirtualTimer = { at: this.#elapsed() + delay, order: this.#created++, callback, resume }
    this.#timers.add(timer)
    return timer
  }

  clearTimeout(handle: TimerHandle): void {
    if (typeof handle === 'object' && handle !== null) this.#timers.remove(handle as VirtualTimer)
  }

  setImmediate(callback: () => void): TimerHandle {
    const immediate = new VirtualImmediate(callback)
    this.#created++
    this.#immediates.push(immediate)
    return immediate
  }

  clearImmediate(handle: TimerHandle): void {
    if (handle instanceof VirtualImmediate) handle.callback = undefined
  }

  /** Takes out the next immediate. */
  takeImmediate(): Due | undefined {
    while (this.#nextImmediate < this.#immediates.length) {
      const immediate = this.#immediates[this.#nextImmediate++] as VirtualImmediate
      const { callback } = immediate
      immediate.callback = undefined
      if (callback !== undefined) return { callback, resume: immediate.resume }
    }
    this.#immediates = []
    this.#nextImmediate = 0
    return undefined
  }

  /** Takes out the next timer. */
  takeTimer(): Due | undefined {
    const timer = this.#timers.first()
    if (timer !== undefined) this.#timers.remove(timer)
    return timer
  }

  /** What is pending, for people. */
  describe(): string {
    if (this.pending === 0) return 'No timers are pending.'
    const shown = this.#timers.soonest(SHOWN)
    const lines = shown.map(({ at, callback }) => `  in ${at - this.#elapsed()} ms: ${describe(callback)}`)
    const more = this.pending > shown.length ? [`  and ${this.pending - shown.length} more`] : []
    return [`Pending timers (${this.pending}):`, ...lines, ...more].join('\n')
  }
}
