import type { Broker, BrokerOptions } from '@pluribus/core'
import { createBroker } from '@pluribus/core'
import type { Adapter, Capabilities, Connection, Environment, ServerInfo } from '@pluribus/core/driver'
import { type RecordingLogger, recordingLogger, type UnreliableAdapter, unreliable } from '@pluribus/core/testing'
import type { Time } from '../engine/time.js'
import { History } from '../history/history.js'
import { recordAdapter } from '../history/record-adapter.js'
import { recordBroker } from '../history/record-broker.js'
import type { Recording } from '../history/recording.js'
import { checkAdapter, checkConnection } from '../target/check-members.js'
import type { Settings } from '../target/settings.js'
import type { Target } from '../target/target.js'
import { Failure } from './failure.js'
import type { OpenOptions, ProcessOptions } from './open-options.js'

/** A connection that a case has opened at the adapter's own level. */
export interface HandConnection {
  readonly adapter: Adapter
  readonly connection: Connection
  readonly process: string
  readonly link: { readonly isLost: boolean }
}

/** Something that is to be undone when the case is over. */
interface Opened {
  readonly what: string
  close(): Promise<void>
}

/** The processes of one case: brokers and connections on one store, each recorded and with an identity of its own. */
export class World {
  readonly history: History
  readonly logger: RecordingLogger = recordingLogger()
  readonly time: Time
  readonly #target: Target
  readonly #settings: Settings
  readonly #name: string
  readonly #opened: Opened[] = []
  readonly #recordings = new Map<unknown, Recording>()
  readonly #hands = new Map<Connection, HandConnection>()
  #processes = 0
  #isOver = false

  constructor(target: Target, settings: Settings, name: string, time: Time) {
    this.#target = target
    this.#settings = settings
    this.#name = name
    this.time = time
    this.history = new History(time.clock)
  }

  /** Where a broker of this world writes what it sees. */
  recordingOf(broker: Broker): Recording {
    const recording = this.#recordings.get(broker)
    if (recording === undefined) throw new Failure('The broker was not opened by this case.')
    return recording
  }

  /** What the adapter is, and what its server gives. */
  async look(): Promise<{ adapter: Adapter; capabilities: Capabilities; server: ServerInfo }> {
    const adapter = await this.#adapter()
    checkAdapter(adapter)
    const connection = await adapter.connect(this.#environment(this.#process()), { lost() {} })
    checkConnection(connection)
    const { capabilities, server } = connection
    await connection.close()
    return { adapter, capabilities, server }
  }

  async open(options: OpenOptions = {}): Promise<Broker> {
    const process = this.#process()
    return this.#open(process, await this.#adapter(), options)
  }

  async openBreakable(options: OpenOptions = {}): Promise<readonly [Broker, UnreliableAdapter]> {
    const process = this.#process()
    const adapter = unreliable(await this.#adapter())
    // What a cut leaves open inside is closed last: until then its leases go on, as those of a dead process do.
    this.#opened.push({ what: `what ${process} has left open`, close: () => adapter.dispose() })
    return [await this.#open(process, adapter, options), adapter]
  }

  /** What `createBroker` takes to make another process; nothing closes it by itself. */
  async brokerOptions(): Promise<BrokerOptions> {
    return this.#options(this.#process(), await this.#adapter(), {})
  }

  /** A broker on an adapter that the caller has made. */
  async openOn(adapter: Adapter, options: OpenOptions = {}): Promise<Broker> {
    return this.#open(this.#process(), adapter, options)
  }

  /** What another process needs to be one of this world. */
  identify(): { readonly process: string; readonly instance: string } {
    const process = this.#process()
    return { process, instance: `${this.#name}-${process}` }
  }

  /** Something more to be closed when the case is over. */
  closing(what: string, close: () => Promise<void>): void {
    this.#opened.push({ what, close })
  }

  /** What a connection belongs to. */
  handOf(connection: Connection): HandConnection {
    const hand = this.#hands.get(connection)
    if (hand === undefined) throw new Failure('The connection was not opened by this case.')
    return hand
  }

  /** A connection by hand: with a process of its own, or with that of another connection; the wall clock `skew` ms ahead. */
  async connect({ like, skew }: ProcessOptions & { like?: Connection } = {}): Promise<HandConnection> {
    // What is of one process has one adapter.
    const { process, adapter } = like === undefined ? await this.#newHand() : this.handOf(like)
    const link = { isLost: false }
    const lost = () => {
      link.isLost = true
    }
    const connection = await adapter.connect(this.#environment(process, skew), { lost })
    this.#opened.push({ what: process, close: () => connection.close() })
    const hand = { adapter, connection, process, link }
    this.#hands.set(connection, hand)
    return hand
  }

  async #newHand(): Promise<Pick<HandConnection, 'adapter' | 'process'>> {
    const process = this.#process()
    return { process, adapter: recordAdapter(await this.#adapter(), this.history, process) }
  }

  /** Closes everything, latest first; answers what would not close. Nothing can be opened any more. */
  async close(): Promise<readonly string[]> {
    this.#isOver = true
    const failures: string[] = []
    for (const { what, close } of this.#opened.splice(0).reverse()) {
      try {
        await close()
      } catch (error) {
        failures.push(`${what} did not close: ${String(error)}`)
      }
    }
    return failures
  }

  /** A connection for looking at what is left: it is nobody of the case. */
  async audit<T>(look: (connection: Connection) => Promise<T>): Promise<T> {
    const adapter = recordAdapter(await this.#target.adapter(this.#settings, this.time.server), this.history, 'audit')
    const connection = await adapter.connect(this.#environment('audit'), { lost() {} })
    try {
      return await look(connection)
    } finally {
      await connection.close()
    }
  }

  async #open(process: string, adapter: Adapter, options: OpenOptions): Promise<Broker> {
    const inner = await createBroker(this.#options(process, adapter, options))
    const recording = { history: this.history, process, sources: new Set<never>() }
    const broker = recordBroker(inner, recording)
    this.#recordings.set(broker, recording)
    // Nothing of a case is worth waiting for once it is over.
    this.#opened.push({ what: process, close: () => inner.close({ drain: 0 }) })
    return broker
  }

  #options(process: string, adapter: Adapter, { skew, ...options }: OpenOptions): BrokerOptions {
    const { timing } = this.#target
    const environment = this.#environment(process, skew)
    const recorded = recordAdapter(adapter, this.history, process)
    // What a case counts is its own: the journal is written where a case is about it.
    return { lease: timing.lease, journal: 'off', logger: this.logger, ...options, adapter: recorded, environment }
  }

  #environment(process: string, skew = 0): Environment {
    const environment = this.time.environment(`${this.#name}-${process}`, this.logger)
    const { clock } = environment
    return { ...environment, clock: { now: () => clock.now() + skew, monotonic: () => clock.monotonic() } }
  }

  async #adapter(): Promise<Adapter> {
    if (this.#isOver) throw new Failure('The case is over: nothing can be opened any more.')
    return this.#target.adapter(this.#settings, this.time.server)
  }

  #process(): string {
    return `p${++this.#processes}`
  }
}
