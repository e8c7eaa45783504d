import type { Environment } from '@pluribus/core/driver'

/** The world as it is, for tests of what runs in it. */
export const realEnvironment: Environment = {
  clock: { now: () => Date.now(), monotonic: () => performance.now() },
  timers: {
    setTimeout: (callback, ms) => setTimeout(callback, ms),
    clearTimeout: handle => clearTimeout(handle as NodeJS.Timeout),
    setImmediate: callback => setImmediate(callback),
    clearImmediate: handle => clearImmediate(handle as NodeJS.Immediate),
  },
  logger: { debug() {}, info() {}, warn() {}, error() {} },
  random: () => Math.random(),
  instance: 'test',
}
