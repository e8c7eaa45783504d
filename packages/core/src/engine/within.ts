import type { Timers } from '../driver/environment.js'

/** Resolves with the promise, or with `late` once `ms` milliseconds have passed; the promise may then end unseen. */
export function within<T, L>(timers: Timers, promise: Promise<T>, ms: number, late: () => L): Promise<T | L> {
  return new Promise((resolve, reject) => {
    const timer = timers.setTimeout(() => {
      try {
        resolve(late())
      } catch (error) {
        reject(error)
      }
    }, ms)
    promise.then(
      value => {
        timers.clearTimeout(timer)
        resolve(value)
      },
      error => {
        timers.clearTimeout(timer)
        reject(error)
      },
    )
  })
}
