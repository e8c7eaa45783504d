import type { Clock, Environment, Logger, Timers } from '@pluribus/core/driver'
import type { TargetTime } from '../target/target-time.js'

/** Where a case's time comes from. A case is written once, and runs in virtual and in real time. */
export interface Time {
  readonly clock: Clock
  readonly timers: Timers
  /** The same, for a server that is simulated: its timers are nobody's who could clear them. */
  readonly server: TargetTime
  /** The environment of one process of a case. */
  environment(instance: string, logger: Logger): Environment
  /** Lets time pass until the promise settles; rejects with {@link Overdue} when it has not within `ms`. One drive at a time. */
  drive<T>(promise: Promise<T>, ms: number, what: string): Promise<T>
  /** Timers that somebody has left behind; `undefined` where that cannot be told. */
  readonly pendingTimers: number | undefined
}

/** Resolves when the promise does, or after `ms` milliseconds of the case's time; answers whether the promise was first. */
export async function within(time: Time, promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: unknown
  const late = new Promise<false>(resolve => {
    timer = time.timers.setTimeout(() => resolve(false), ms)
  })
  try {
    return await Promise.race([promise.then(() => true), late])
  } finally {
    time.timers.clearTimeout(timer)
  }
}

/** Resolves after `ms` milliseconds of the case's time. */
export const sleep = (time: Time, ms: number): Promise<void> =>
  new Promise(resolve => void time.timers.setTimeout(resolve, ms))
