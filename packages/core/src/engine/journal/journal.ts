import type { Adapter } from '../../driver/adapter.js'
import type { Environment } from '../../driver/environment.js'
import {
  type DeliveryOutcome,
  deliveryJournal,
  type ProcessIdentity,
  type ProcessReport,
  processJournal,
  type RunningSubscription,
} from '../../model/journal.js'
import { JOURNAL_FORMAT } from '../../model/journal-codec.js'
import { isReserved } from '../../model/reserved.js'
import type { Topic } from '../../model/topic.js'
import type { KnownTopics } from '../connection/declarations.js'
import type { Link } from '../connection/link.js'
import type { Emitter } from '../emitter.js'
import { idPrefix } from '../publishing/ids.js'
import { type Outgoing, OutgoingMaker } from '../publishing/outgoing.js'
import { Slab } from '../publishing/slab.js'
import type { Capable } from '../requirements.js'
import type { Turn } from '../turn.js'
import { DeliveryLog } from './delivery-log.js'
import { ALL, entryOf, FAILURES, type JournalledEvent } from './entry.js'
import { identify } from './identify.js'
import { JournalWriter } from './journal-writer.js'
import { ProcessLog, type ReportOccasion } from './process-log.js'

/** Topics, or subscriptions, that one report lists at most. */
const LISTED = 500
/** One of each takes less than so many bytes: what does not fit into a message is left out. */
const LISTED_BYTES = 1_024

/** What a journal works with. */
export interface JournalParts {
  readonly level: 'failures' | 'all'
  readonly source: string
  readonly adapter: Adapter
  readonly environment: Environment
  readonly emitter: Emitter
  readonly link: Link
  readonly turn: Turn
  readonly topics: KnownTopics
  readonly capable: () => Capable
  readonly running: () => readonly RunningSubscription[]
}

/**
 * Writes down what becomes of deliveries and what runs in this process. It is an observer among others: it hears what the
 * engine tells, of everything but its own topics, and nothing waits for it.
 */
export class Journal {
  readonly #parts: JournalParts
  readonly #identity: ProcessIdentity
  readonly #maker: OutgoingMaker
  readonly #deliveries: DeliveryLog
  readonly #processes: ProcessLog
  readonly #writer: JournalWriter

  constructor(parts: JournalParts) {
    const { adapter, environment, link, capable, source, turn } = parts
    const { timers } = environment
    this.#parts = parts
    this.#identity = identify(environment, adapter.name, source)
    this.#maker = new OutgoingMaker(turn, source, idPrefix(environment), new Slab())
    const wake = () => this.#writer.wake()
    this.#deliveries = new DeliveryLog({
      ...{ timers, wake, limit: () => capable().capabilities.limits.payload },
      make: content => this.#make(deliveryJournal, { ...this.#heading, ...content }),
    })
    this.#processes = new ProcessLog({ timers, wake, make: occasion => this.#report(occasion) })
    const topics = [deliveryJournal.spec, processJournal.spec]
    this.#writer = new JournalWriter({ adapter, environment, link, topics }, [this.#processes, this.#deliveries])
    this.#listen()
  }

  /** Writes what is left, for up to `ms` milliseconds; says how much of it could not be stored. */
  async close(ms: number): Promise<void> {
    this.#deliveries.close()
    this.#processes.close()
    await this.#writer.close(ms)
    const { unstored } = this.#deliveries
    if (unstored === 0) return
    this.#parts.environment.logger.warn(
      { entries: unstored },
      'Entries of the journal could not be stored, and are lost.',
    )
  }

  #listen(): void {
    const { emitter, environment, topics, level } = this.#parts
    const outcomes: Readonly<Partial<Record<keyof typeof ALL, DeliveryOutcome>>> = level === 'all' ? ALL : FAILURES
    for (const [name, outcome] of Object.entries(outcomes) as [keyof typeof ALL, DeliveryOutcome][]) {
      emitter.on(name, (event: JournalledEvent) => {
        if (!isReserved(event.topic)) this.#deliveries.add(entryOf(outcome, event, environment.clock.now()))
      })
    }
    for (const name of ['consumer.up', 'consumer.closed'] as const) {
      emitter.on(name, ({ topic }) => {
        if (!isReserved(topic)) this.#processes.changed()
      })
    }
    topics.follow(() => this.#processes.changed())
  }

  get #heading() {
    return { format: JOURNAL_FORMAT, process: this.#identity }
  }

  #report(occasion: ReportOccasion): Outgoing {
    const { topics, running, environment, level, capable } = this.#parts
    const most = Math.min(LISTED, Math.floor(capable().capabilities.limits.payload / LISTED_BYTES))
    const publishes = topics.names
    const subscriptions = running().filter(({ topic }) => !isReserved(topic))
    const omitted = [publishes, subscriptions].reduce((sum, { length }) => sum + Math.max(0, length - most), 0)
    const report: ProcessReport = {
      ...this.#heading,
      ...occasion,
      ...{ time: environment.clock.now(), journal: level, omitted, dropped: this.#deliveries.dropped },
      ...{ publishes: publishes.slice(0, most), subscriptions: subscriptions.slice(0, most) },
    }
    return this.#make(processJournal, report)
  }

  /** Under an id that is said to be supplied, so that a broker recognises what it has stored already. */
  #make<T>(topic: Topic<T>, data: T): Outgoing {
    return this.#maker.make(topic, data, { id: this.#maker.nextId() }, undefined, this.#parts.capable())
  }
}
