import type { Environment, Logger, Timers } from '../driver/environment.js'

/** The longest a timer of the platform can hold; a longer one would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1

const timers: Timers = {
  setTimeout: (callback, ms) => setTimeout(callback, Math.min(ms, LONGEST_TIMER)),
  clearTimeout: handle => clearTimeout(handle as NodeJS.Timeout),
  setImmediate: callback => setImmediate(callback),
  clearImmediate: handle => clearImmediate(handle as NodeJS.Immediate),
}

const clock = { now: () => Date.now(), monotonic: () => performance.now() }

const seed = new Uint32Array(2)

/** 53 random bits of the platform's cryptographic source: ids must not collide between processes. */
function random(): number {
  crypto.getRandomValues(seed)
  return ((seed[0] as number) * 2 ** 21 + ((seed[1] as number) >>> 11)) / 2 ** 53
}

/** Warnings and errors on stderr, one line each; stdout belongs to the application. */
const stderrLogger: Logger = {
  debug() {},
  info() {},
  warn: (details, message) => console.warn(`pluribus: ${message}`, details),
  error: (details, message) => console.error(`pluribus: ${message}`, details),
}

/** A logger that throws must not end a delivery: its failure goes where warnings go without one. */
function contained(logger: Logger): Logger {
  const at = (level: keyof Logger) => (details: object, message: string) => {
    try {
      logger[level](details, message)
    } catch (error) {
      stderrLogger.error({ error, details }, `The logger has thrown at: ${message}`)
    }
  }
  return Object.freeze({ debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') })
}

/** Text that nobody else will draw: some 93 bits. */
export const randomText = (random: () => number): string => [random(), random()].map(text).join('')

const text = (value: number): string => Math.floor(value * 36 ** 9).toString(36)

/** The environment of a broker: the platform's, but for what is overridden. */
export function createEnvironment(overrides: Partial<Environment> = {}): Environment {
  const source = overrides.random ?? random
  return Object.freeze({
    clock: overrides.clock ?? clock,
    timers: overrides.timers ?? timers,
    logger: overrides.logger === undefined ? stderrLogger : contained(overrides.logger),
    random: source,
    instance: overrides.instance ?? randomText(source),
  })
}
