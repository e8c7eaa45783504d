import type { Environment } from '@pluribus/core/driver'

/** What a folder knows of the world, but for who listens to its log lines. */
export type ProcessEnvironment = Omit<Environment, 'logger' | 'instance'>

/**
 * The platform's own clock, timers and randomness, for a folder: it is shared by all brokers of its process and outlives any of them,
 * so that it cannot have the environment of one.
 */
export const processEnvironment: ProcessEnvironment = {
  clock: { now: () => Date.now(), monotonic: () => performance.now() },
  timers: {
    setTimeout: (callback, ms) => setTimeout(callback, ms),
    clearTimeout: handle => clearTimeout(handle as NodeJS.Timeout),
    setImmediate: callback => setImmediate(callback),
    clearImmediate: handle => clearImmediate(handle as NodeJS.Immediate),
  },
  random: () => Math.random(),
}

/** The same, with timers for which the process does not stay: those of what is only there for others. */
export const idleEnvironment: ProcessEnvironment = {
  ...processEnvironment,
  timers: { ...processEnvironment.timers, setTimeout: (callback, ms) => setTimeout(callback, ms).unref() },
}
