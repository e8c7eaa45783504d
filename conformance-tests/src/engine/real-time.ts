import type { Clock, Environment, Logger, Timers } from '@pluribus/core/driver'
import type { TargetTime } from '../target/target-time.js'
import { Overdue } from './overdue.js'
import type { Time } from './time.js'

const timers: Timers = {
  setTimeout: (callback, ms) => setTimeout(callback, Math.min(ms, 2 ** 31 - 1)),
  clearTimeout: handle => clearTimeout(handle as NodeJS.Timeout),
  setImmediate: callback => setImmediate(callback),
  clearImmediate: handle => clearImmediate(handle as NodeJS.Immediate),
}

const seed = new Uint32Array(2)

/** Ids must not collide with those of an earlier run on the same server, so that these numbers have no seed. */
function random(): number {
  crypto.getRandomValues(seed)
  return ((seed[0] as number) * 2 ** 21 + ((seed[1] as number) >>> 11)) / 2 ** 53
}

/** The platform's time. */
export class RealTime implements Time {
  /** One monotonic clock for all processes of this machine, so that their histories can be put into one order. */
  readonly clock: Clock = { now: () => Date.now(), monotonic: () => Number(process.hrtime.bigint()) / 1e6 }
  readonly timers = timers
  readonly server: TargetTime = { clock: this.clock, timers }
  readonly pendingTimers = undefined

  environment(instance: string, logger: Logger): Environment {
    return { clock: this.clock, timers, logger, random, instance }
  }

  async drive<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Overdue(`Not within ${ms} ms: ${what}`)), ms)
    })
    try {
      return await Promise.race([promise, late])
    } finally {
      clearTimeout(timer)
    }
  }
}
