import { Alarm } from '../../driver/alarm.js'
import type { Timers } from '../../driver/environment.js'
import type { OutgoingMessage } from '../../driver/message.js'
import type { ProcessReport } from '../../model/journal.js'
import type { JournalSource } from './journal-source.js'

/** How long a change waits for others to be told with, in milliseconds. */
const GATHER = 100
/** A process that goes on says so after this many milliseconds. */
const EVERY = 30_000

/** What a report says beside what the process does. */
export type ReportOccasion = Pick<ProcessReport, 'sequence' | 'state' | 'every'>

/** What a log works with. */
export interface ProcessLogParts {
  readonly timers: Timers
  /** Makes a message of what the process does now. Throws `TOO_LARGE`. */
  readonly make: (occasion: ReportOccasion) => OutgoingMessage
  /** There is something to be written. */
  readonly wake: () => void
}

/**
 * Says what a process does: when that changes, now and then, and when it ends. A process that does nothing says nothing: whoever
 * only looks into a broker leaves no trace in it.
 */
export class ProcessLog implements JournalSource {
  readonly #parts: ProcessLogParts
  /** Until the next report. */
  readonly #alarm: Alarm
  #isGathering = false
  #isDue = false
  #state: ProcessReport['state'] = 'running'
  #sequence = 0

  constructor(parts: ProcessLogParts) {
    this.#parts = parts
    this.#alarm = new Alarm(parts.timers, () => {
      this.#isGathering = false
      this.#isDue = true
      parts.wake()
    })
  }

  /** The process does something else than before. */
  changed(): void {
    if (this.#isGathering || this.#state === 'ended') return
    this.#isGathering = true
    this.#alarm.set(GATHER)
  }

  next(): OutgoingMessage | undefined {
    if (!this.#isDue) return undefined
    this.#isDue = false
    if (this.#state === 'running' && !this.#isGathering) this.#alarm.set(EVERY)
    return this.#parts.make({ sequence: ++this.#sequence, state: this.#state, every: EVERY })
  }

  /** The latest report is all that counts: there is nothing to keep of this one. */
  stored(): void {}

  refused(): void {}

  /** There is one more report, the last, if there has been anything to tell. */
  close(): void {
    const hasBegun = this.#sequence > 0 || this.#isDue || this.#isGathering
    this.#alarm.clear()
    this.#isGathering = false
    this.#state = 'ended'
    this.#isDue = hasBegun
  }
}
