/**
 * What a recorded handler is given, as far as the recorder looks at it.
 *
 * @example
 * ```ts
 * import type { RecordableMessage } from '@pluribus/core/testing'
 *
 * const name = (message: RecordableMessage) => `${message.topic} ${message.id}`
 * ```
 */
export interface RecordableMessage {
  readonly id: string
  readonly topic: string
  readonly key?: string | undefined
}

/**
 * The context of a run, as far as the recorder looks at it.
 *
 * @example
 * ```ts
 * import type { RecordableContext } from '@pluribus/core/testing'
 *
 * const failOnce = (_message: unknown, { attempt }: RecordableContext) => {
 *   if (attempt === 1) throw new Error('once')
 * }
 * ```
 */
export interface RecordableContext {
  readonly attempt: number
  readonly signal: AbortSignal
}

/**
 * Who ran a handler, for histories of several processes and subscriptions.
 *
 * @example
 * ```ts
 * import type { RunLabels } from '@pluribus/core/testing'
 *
 * const first: RunLabels = { process: 'first', subscription: 'billing' }
 * ```
 */
export interface RunLabels {
  /** Default: `main`. */
  readonly process?: string
  /** Runs of different subscriptions never count as overlapping. Default: the message's topic. */
  readonly subscription?: string
}

/**
 * How a run ended: `died` with its process, as {@link Recorder.died} says.
 *
 * @example
 * ```ts
 * import type { RecordedRun, RunOutcome } from '@pluribus/core/testing'
 *
 * const ended = (runs: readonly RecordedRun[], outcome: RunOutcome) => runs.filter(run => run.outcome === outcome)
 * ```
 */
export type RunOutcome = 'running' | 'returned' | 'threw' | 'died'

/**
 * One run of a handler.
 *
 * @example
 * ```ts
 * import type { RecordedRun } from '@pluribus/core/testing'
 *
 * const line = (run: RecordedRun) => `${run.id} attempt ${run.attempt}`
 * ```
 */
export interface RecordedRun {
  readonly id: string
  readonly topic: string
  readonly key: string | undefined
  readonly attempt: number
  readonly process: string
  readonly subscription: string
  /** When it began, in milliseconds of the recorder's monotonic clock. */
  readonly startedAt: number
  /** When it ended; `undefined` while it runs. */
  readonly endedAt: number | undefined
  /** Position among all beginnings and ends of the history: decides what overlaps where time stands still. */
  readonly began: number
  readonly finished: number | undefined
  readonly outcome: RunOutcome
  /** What the behaviour returned or threw. */
  readonly result: unknown
  /** Whether the signal had been aborted when the run ended, or has been now. */
  readonly aborted: boolean
}

/** A run that is being recorded. */
export class HandlerRun implements RecordedRun {
  readonly id: string
  readonly topic: string
  readonly key: string | undefined
  readonly attempt: number
  readonly process: string
  readonly subscription: string
  readonly startedAt: number
  readonly began: number
  endedAt: number | undefined = undefined
  finished: number | undefined = undefined
  outcome: RunOutcome = 'running'
  result: unknown = undefined
  #context: RecordableContext | undefined
  #aborted = false

  constructor(message: RecordableMessage, context: RecordableContext, labels: RunLabels, at: HistoryPoint) {
    this.id = message.id
    this.topic = message.topic
    this.key = message.key
    this.attempt = context.attempt
    this.process = labels.process ?? 'main'
    this.subscription = labels.subscription ?? message.topic
    this.startedAt = at.time
    this.began = at.order
    this.#context = context
  }

  /** Only looked at late: a signal may be made when first read, and a recorder must not change what it watches. */
  get aborted(): boolean {
    return this.#context === undefined ? this.#aborted : this.#context.signal.aborted
  }

  /** The first end counts: what a handler does after its process died is no history. */
  end(outcome: RunOutcome, result: unknown, at: HistoryPoint): void {
    if (this.outcome !== 'running') return
    this.#aborted = this.aborted
    this.#context = undefined
    this.outcome = outcome
    this.result = result
    this.endedAt = at.time
    this.finished = at.order
  }
}

/** A moment of a history. */
export interface HistoryPoint {
  /** Milliseconds of the monotonic clock. */
  readonly time: number
  readonly order: number
}

/** Whether the later run began before the earlier one had ended. */
export const overlap = (earlier: RecordedRun, later: RecordedRun): boolean =>
  earlier.finished === undefined || earlier.finished > later.began
