import type {
  Adapter,
  Capabilities,
  Connection,
  ConnectionEvents,
  Delivery,
  Environment,
  OutgoingMessage,
  Settled,
  SettleException,
  Source,
  SourceEvents,
  StoredDeadLetter,
  StoredMessage,
  Token,
} from '@pluribus/core/driver'

/** One message of the fake's only subscription. */
export interface FakeRecord {
  readonly message: StoredMessage
  state: 'ready' | 'leased' | 'done' | 'dead'
  token: number
  leaseEnds: number
  losses: number
  attempt: number
}

/** What outlives connections: a list of records, in order. */
export class FakeStore {
  readonly records: FakeRecord[] = []
  readonly batches: string[][] = []
  readonly marked: string[] = []
  readonly log: string[] = []
  openSources = 0
  tokens = 0
  /** Every delivery of a record has the same token. */
  reusesTokens = false
  /** Settlements that the store itself fails. */
  failingSettles = 0
  iterations = 0
  readonly wakes = new Set<() => void>()

  states(): Record<string, FakeRecord['state']> {
    return Object.fromEntries(this.records.map(({ message, state }) => [message.id, state]))
  }
}

export const FAKE_CAPABILITIES: Capabilities = {
  durability: 'memory',
  fifo: 'exact',
  lifo: 'exact',
  priority: 'exact',
  priorityLevels: 10,
  keys: 'key',
  competing: 'message',
  delay: 'native',
  delayTick: 1,
  fencing: 'exact',
  settle: 'stored',
  attempts: 'stored',
  losses: 'marked',
  deduplication: { window: 1_000, ids: 'supplied' },
  retention: 'keeps-pending',
  history: 'stored',
  from: ['earliest', 'latest'],
  counts: ['waiting', 'leased', 'dead'],
  sequenced: 'stored',
  transactions: 'none',
  limits: { payload: 1_000, headers: 1_000, hold: 1_000 },
}

/** The classification of the fake's own native errors. */
export class FakeNativeError extends Error {}

interface FakeOptions {
  readonly store: FakeStore
  readonly environment: Environment
  readonly lease: number
}

class FakeSource implements Source {
  readonly #of: FakeOptions
  readonly #wake: () => void
  readonly #held = new Map<Token, FakeRecord>()
  #isClosed = false

  constructor(options: FakeOptions, events: SourceEvents) {
    this.#of = options
    this.#wake = () => events.wake()
    this.#of.store.openSources++
    this.#of.store.wakes.add(this.#wake)
  }

  async pull(max: number) {
    const { store, environment, lease } = this.#of
    const now = environment.clock.monotonic()
    for (const record of store.records) {
      if (record.state !== 'leased' || record.leaseEnds > now) continue
      record.state = 'ready'
      record.losses++
    }
    const found = store.records.filter(record => record.state === 'ready').slice(0, max)
    const deliveries = found.map((record): Delivery => {
      Object.assign(record, {
        state: 'leased',
        token: store.reusesTokens ? store.records.indexOf(record) + 1 : ++store.tokens,
        leaseEnds: now + lease,
      })
      this.#held.set(record.token, record)
      const { message, token, attempt, losses } = record
      return { message, token, attempt, losses, marks: 0, suspect: false }
    })
    return { deliveries }
  }

  async mark(delivery: Delivery) {
    this.#of.store.marked.push(delivery.message.id)
  }

  async settle({ acks, others }: Settled): Promise<readonly SettleException[]> {
    const exceptions: SettleException[] = []
    const end = (token: Token, state: FakeRecord['state']) => {
      if (this.#of.store.failingSettles-- > 0) return exceptions.push({ token, kind: 'failed', error: 'busy' })
      const record = this.#of.store.records.find(one => one.token === token && one.state === 'leased')
      if (record === undefined) exceptions.push({ token, kind: 'stale' })
      else record.state = state
      if (record !== undefined && state === 'ready') this.#wakeAll()
      return undefined
    }
    this.#of.store.log.push(`settle ${acks.length + others.length}`)
    for (const token of acks) end(token, 'done')
    for (const { kind, token } of others) end(token, kind === 'reject' ? 'dead' : 'ready')
    return exceptions
  }

  async renew(batch: readonly Delivery[]): Promise<readonly Token[]> {
    const { store, environment, lease } = this.#of
    const lost: Token[] = []
    for (const { token } of batch) {
      const record = store.records.find(one => one.token === token && one.state === 'leased')
      if (record === undefined) lost.push(token)
      else record.leaseEnds = environment.clock.monotonic() + lease
    }
    return lost
  }

  async close() {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#of.store.openSources--
    this.#of.store.wakes.delete(this.#wake)
    for (const [token, record] of this.#held)
      if (record.token === token && record.state === 'leased') record.state = 'ready'
  }

  #wakeAll() {
    for (const wake of this.#of.store.wakes) wake()
  }
}

/** What tests reach into of a fake connection. */
export interface FakeControls {
  readonly events: ConnectionEvents
  readonly sources: Source[]
  readonly sourceEvents: SourceEvents[]
  closed: boolean
  closes: number
}

/** An adapter over a list: enough of the contract to see what a wrapper does to it. */
export class FakeAdapter implements Adapter {
  readonly name = 'fake'
  readonly capabilities = FAKE_CAPABILITIES
  readonly connections: FakeControls[] = []
  readonly store: FakeStore
  window = 1
  connectTakes = 0

  constructor(store = new FakeStore()) {
    this.store = store
  }

  classify(error: unknown) {
    if (error instanceof FakeNativeError) return { code: 'TOO_LARGE', retryable: false } as const
    return { code: 'UNKNOWN', retryable: false } as const
  }

  async connect(environment: Environment, events: ConnectionEvents): Promise<Connection> {
    if (this.connectTakes > 0) await new Promise<void>(done => environment.timers.setTimeout(done, this.connectTakes))
    const controls: FakeControls = { events, sources: [], sourceEvents: [], closed: false, closes: 0 }
    this.connections.push(controls)
    const { store } = this
    return {
      server: { product: 'fake', version: '1', endpoint: 'fake:' },
      capabilities: { ...FAKE_CAPABILITIES, lifo: 'windowed' },
      declare: async () => [],
      publisher: {
        window: this.window,
        publish: async batch => this.#publish(batch),
        publishSequenced: async (_lane, first, batch) => first + batch.length,
        position: async () => 7,
      },
      subscriber: {
        open: async (_spec, { lease }, sourceEvents) => {
          const source = new FakeSource({ store, environment, lease }, sourceEvents)
          controls.sources.push(source)
          controls.sourceEvents.push(sourceEvents)
          return source
        },
        remove: async () => {},
      },
      persistence: {
        topics: async () => [],
        subscriptions: async () => [],
        async *history() {
          store.iterations++
          try {
            for (const { message } of store.records) yield message
          } finally {
            store.iterations--
          }
        },
        find: async (_topic, id) => store.records.find(({ message }) => message.id === id)?.message,
        async *deadLetters(): AsyncGenerator<StoredDeadLetter> {},
        redrive: async () => ({ redriven: 0, missing: [] }),
        discard: async () => 0,
        counts: async () => ({ waiting: 0, leased: 0, retrying: undefined, scheduled: undefined, dead: 0 }),
      },
      maintain: async () => 1_000,
      close: async () => {
        controls.closed = true
        controls.closes++
        for (const source of controls.sources) await source.close()
      },
    }
  }

  #publish(batch: readonly OutgoingMessage[]) {
    this.store.batches.push(batch.map(({ id }) => id))
    const known = new Set(this.store.records.map(({ message }) => message.id))
    for (const message of batch) {
      if (known.has(message.id)) continue
      this.store.records.push({ message, state: 'ready', token: 0, leaseEnds: 0, losses: 0, attempt: 1 })
    }
    return batch.flatMap(({ id }, index) => (known.has(id) ? [{ index, kind: 'duplicate' } as const] : []))
  }
}
