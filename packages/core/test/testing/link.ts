import type {
  Connection,
  Delivery,
  Environment,
  OutgoingMessage,
  Source,
  SourceEvents,
  SubscriptionSpec,
  Token,
} from '@pluribus/core/driver'
import { recordingLogger, type UnreliableAdapter, VirtualClock } from '@pluribus/core/testing'
import { FakeAdapter, FakeStore } from './fake-adapter.js'

export const LEASE = 30_000

export const spec: SubscriptionSpec = {
  topic: 'orders.placed',
  name: 'billing',
  from: 'earliest',
  discipline: { kind: 'fifo', levels: 1, atLeast: 'exact' },
  retry: { attempts: 5, delays: [100] },
  timeout: 5_000,
  grace: 5_000,
}

export const outgoing = (id: string): OutgoingMessage => ({
  id,
  topic: 'orders.placed',
  payload: '{}',
  contentType: 'application/json',
  key: undefined,
  priority: 0,
  headers: {},
  time: 0,
  source: 'test',
  version: 1,
  correlationId: undefined,
  causationId: undefined,
  idSupplied: true,
  size: 2,
  delay: 0,
})

/** A broker's side of a connection, reduced to a list of what it was told. */
export class Link {
  readonly told: string[] = []
  readonly causes: unknown[] = []
  readonly lostTokens: Token[] = []
  readonly clock: VirtualClock
  readonly environment: Environment
  readonly logger = recordingLogger()
  onEvent: () => void = () => {}

  constructor(clock = new VirtualClock(), instance = 'one') {
    this.clock = clock
    this.environment = { ...(clock.environment() as Environment), logger: this.logger, instance }
  }

  connect(adapter: UnreliableAdapter): Promise<Connection> {
    return adapter.connect(this.environment, { lost: cause => this.#hear('lost connection', cause) })
  }

  async open(connection: Connection): Promise<Source> {
    return await connection.subscriber.open(spec, { window: 10, lease: LEASE }, this.sourceEvents)
  }

  readonly sourceEvents: SourceEvents = {
    wake: () => this.#hear('wake'),
    lost: tokens => {
      this.lostTokens.push(...tokens)
      this.#hear('lost tokens')
    },
    ended: cause => this.#hear('ended', cause),
  }

  #hear(what: string, cause?: unknown) {
    this.told.push(what)
    this.causes.push(cause)
    this.onEvent()
  }
}

/** How an injected fault is classified, if nothing else is said. */
export const RETRYABLE = { code: 'UNAVAILABLE', retryable: true }

export const ids = (store: FakeStore) => store.records.map(({ message }) => message.id)
export const tokens = (deliveries: readonly Delivery[]) => deliveries.map(({ token }) => token)
export const acks = (deliveries: readonly Delivery[]) => ({ acks: tokens(deliveries), others: [] })

/** What a promise is rejected with. */
export const thrownBy = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => {
      throw new Error('it resolved')
    },
    error => error,
  )

/** How a promise ends, once it does. */
export const outcome = (promise: Promise<unknown>): Promise<Fate> =>
  promise.then(
    () => 'resolved',
    () => 'rejected',
  )

export type Fate = 'pending' | 'resolved' | 'rejected'

/** What promises have come to after everything that can run now has run: `pending` proves that one does not answer. */
export async function fates(clock: VirtualClock, promises: readonly Promise<unknown>[]): Promise<Fate[]> {
  const states = promises.map((): Fate => 'pending')
  for (const [index, promise] of promises.entries()) {
    const become = (state: Fate) => () => {
      states[index] = state
    }
    promise.then(become('resolved'), become('rejected'))
  }
  await clock.settle()
  return states
}

export async function fate(clock: VirtualClock, promise: Promise<unknown>): Promise<Fate> {
  return (await fates(clock, [promise]))[0] as Fate
}

/** A connected link over a store with messages in it, and an open source. */
export async function linked(wrap: (inner: FakeAdapter) => UnreliableAdapter, ids: readonly string[] = []) {
  const store = new FakeStore()
  const inner = new FakeAdapter(store)
  const adapter = wrap(inner)
  const link = new Link()
  const connection = await link.connect(adapter)
  const source = await link.open(connection)
  if (ids.length > 0) await connection.publisher.publish(ids.map(outgoing))
  return { store, inner, adapter, link, clock: link.clock, connection, source }
}
