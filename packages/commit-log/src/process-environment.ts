import type { LogEnvironment } from './environment.js'

/** The process's own clock, timers and randomness. */
export const processEnvironment: LogEnvironment = {
  clock: { now: () => Date.now(), monotonic: () => performance.now() },
  timers: { setImmediate: callback => setImmediate(callback) },
  random: () => Math.random(),
}
