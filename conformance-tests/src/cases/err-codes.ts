import { type Broker, type ErrorCode, PluribusError, topic } from '@pluribus/core'
import { all } from '../case/all.js'
import { defineCases } from '../case/case.js'
import type { CaseContext } from '../case/context.js'
import { check, equal } from '../case/expect.js'
import type { Sample } from '../case/sample.js'

/** A mistake that everybody makes sooner or later, and the code that it has everywhere. */
interface Mistake {
  readonly code: ErrorCode
  /** For publishes: what is known of it. */
  readonly outcome?: 'definite'
  make(broker: Broker, it: CaseContext): Promise<unknown>
}

const MISTAKES: Readonly<Record<string, Mistake>> = {
  'a priority below 0': {
    ...{ code: 'INVALID_ARGUMENT', outcome: 'definite' },
    make: (broker, it) => broker.publish(it.topic(), { n: 1 }, { priority: -1 }),
  },
  'an empty id': {
    ...{ code: 'INVALID_ARGUMENT', outcome: 'definite' },
    make: (broker, it) => broker.publish(it.topic(), { n: 1 }, { id: '' }),
  },
  'an attempt count of 0': {
    code: 'INVALID_ARGUMENT',
    make: async (_, it) => it.topic().subscription('billing', { retry: { attempts: 0 } }),
  },
  'no handler at a time': {
    code: 'INVALID_ARGUMENT',
    make: (broker, it) => broker.subscribe(it.topic().subscription('billing'), () => {}, { concurrency: 0 }),
  },
  'data that JSON would alter': {
    ...{ code: 'ENCODING', outcome: 'definite' },
    make: (broker, it) => broker.publish(it.topic(), { n: Number.NaN }),
  },
  'headers beyond the limit': {
    ...{ code: 'TOO_LARGE', outcome: 'definite' },
    make: (broker, it) => {
      const large = 'x'.repeat(it.capabilities.limits.headers + 1)
      return broker.publish(it.topic(), { n: 1 }, { headers: { large } })
    },
  },
  'data that the schema refuses': {
    ...{ code: 'INVALID_DATA', outcome: 'definite' },
    make: (broker, it) => broker.publish(topic(it.topic().name, { schema: nothingIsRight }), { n: 1 }),
  },
  'another handler for the same subscription': {
    code: 'CONFLICT',
    async make(broker, it) {
      const billing = it.topic().subscription('billing')
      await broker.subscribe(billing, () => {})
      return broker.subscribe(billing, () => {})
    },
  },
  'another number of partitions': {
    code: 'CONFLICT',
    async make(broker, it) {
      const orders = it.topic()
      await broker.declare(orders)
      return broker.declare(topic(orders.name, { partitions: 2 }))
    },
  },
  'counts of a subscription that there is not': {
    code: 'NOT_FOUND',
    async make(broker, it) {
      const orders = it.topic()
      await broker.declare(orders)
      return broker.counts(orders.subscription('nobody'))
    },
  },
  'dead letters of a topic that there is not': {
    code: 'NOT_FOUND',
    make: (broker, it) => all(broker.deadLetters(it.topic().subscription('nobody'))),
  },
  'publishing after closing': {
    ...{ code: 'CLOSED', outcome: 'definite' },
    async make(broker, it) {
      await broker.close()
      return broker.publish(it.topic(), { n: 1 })
    },
  },
}

/** Codes are the same everywhere. */
export const ERR_CODES = defineCases(
  {
    id: 'ERR-06',
    title: 'mistakes have the same codes everywhere',
    promise:
      'The same mistake is rejected with the same code on every adapter, and says whether anything may have been stored.',
    profile: 'full',
    async run(it) {
      for (const [name, { code, outcome, make }] of Object.entries(MISTAKES)) {
        const broker = await it.open()
        const thrown: unknown = await make(broker, it).then(
          () => undefined,
          (error: unknown) => error,
        )
        check(thrown instanceof PluribusError, `${name}: it should be rejected with ${code}; found ${String(thrown)}`)
        equal(thrown.code, code, `the code of ${name}`)
        if (outcome !== undefined) equal(thrown.outcome, outcome, `what is known of a publish with ${name}`)
        equal(thrown.retryable, false, `whether ${name} may be tried again`)
        check(thrown.message.length > 20, `the error of ${name} says next to nothing: ${thrown.message}`)
        await broker.close()
      }
    },
  },
  {
    id: 'ERR-11',
    title: 'an outage has the same codes everywhere',
    promise:
      'A publish that could not be sent in time fails as definite and may be tried again; one whose answer was lost, and that nobody can recognise, is unknown.',
    profile: 'full',
    needs: [{ not: 'deduplication:all' }],
    budget: ({ recover }) => 3 * recover,
    async run(it) {
      const orders = it.topic()
      const patience = it.timing.recover / 10
      const [broker, adapter] = await it.openBreakable({ publishTimeout: patience })
      await broker.declare(orders.subscription('billing'))
      adapter.loseReplies('publish')
      const lost = await it.rejects('UNAVAILABLE', () => broker.publish(orders, { n: 1 }))
      equal([lost.outcome, lost.retryable], ['unknown', true], 'what is known of a publish whose answer was lost')
      adapter.refuse()
      adapter.cut()
      const unsent = await it.rejects('UNAVAILABLE', () => broker.publish(orders, { n: 2 }))
      equal([unsent.outcome, unsent.retryable], ['definite', true], 'what is known of a publish that could not be sent')
      adapter.accept()
      const isSent = () => it.history.events.some(({ kind }) => kind === 'published')
      await it.until(() => adapter.generation >= 2, { within: it.timing.recover, what: 'the connection to be back' })
      check(isSent(), 'the history shows no publish')
    },
  },
)

const nothingIsRight = {
  '~standard': {
    version: 1,
    vendor: 'conformance',
    validate: (value: unknown): { value: Sample } | { issues: { message: string }[] } => ({
      issues: [{ message: `it is ${typeof value}` }],
    }),
  },
} as const
