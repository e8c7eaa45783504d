import type { Logger } from '../driver/environment.js'

/**
 * A line that was logged.
 *
 * @example
 * ```ts
 * import type { LogLine } from '@pluribus/core/testing'
 *
 * const isWarning = (line: LogLine) => line.level === 'warn'
 * ```
 */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly details: object
}

/**
 * A {@link Logger} that keeps what it is given.
 *
 * @example
 * ```ts
 * import { type RecordingLogger, recordingLogger } from '@pluribus/core/testing'
 *
 * const logger: RecordingLogger = recordingLogger()
 * logger.warn({ id: 7 }, 'late')
 * logger.messages('warn') // ['late']
 * ```
 */
export interface RecordingLogger extends Logger {
  /** Every line, oldest first. */
  readonly lines: readonly LogLine[]
  /** The messages of one level, oldest first. */
  messages(level: LogLine['level']): readonly string[]
}

/**
 * A logger that collects its lines.
 *
 * @example
 * ```ts
 * import { createBroker } from '@pluribus/core'
 * import { recordingLogger, VirtualClock } from '@pluribus/core/testing'
 *
 * const logger = recordingLogger()
 * const clock = new VirtualClock()
 * await clock.run(createBroker({ adapter: 'memory:', environment: clock.environment({ logger }) }))
 * console.log(logger.messages('warn'))
 * ```
 */
export function recordingLogger(): RecordingLogger {
  const lines: LogLine[] = []
  const at = (level: LogLine['level']) => (details: object, message: string) => {
    lines.push({ level, message, details })
  }
  return {
    lines,
    messages: level => lines.filter(line => line.level === level).map(line => line.message),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  }
}
