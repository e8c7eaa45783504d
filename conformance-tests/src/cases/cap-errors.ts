import { type Broker, ERROR_CODES, isPluribusError, PluribusError, type Topic } from '@pluribus/core'
import { adapterOf } from '../case/adapter-of.js'
import { defineCases } from '../case/case.js'
import { check, equal } from '../case/expect.js'
import type { Sample } from '../case/sample.js'

/** What is not legal, whatever the adapter can do: each a call, and what it does wrong. */
const WRONG_CALLS: Readonly<Record<string, (broker: Broker, topic: Topic<Sample>) => unknown>> = {
  'publish to nothing': broker => broker.publish(undefined as never, { n: 1 } as never),
  'publish to a subscription': (broker, topic) =>
    broker.publish(topic.subscription('billing') as never, { n: 1 } as never),
  'publish with an unknown option': (broker, topic) => broker.publish(topic, { n: 1 }, { dealy: 1 } as never),
  'publish with a key that is a number': (broker, topic) => broker.publish(topic, { n: 1 }, { key: 7 as never }),
  'publish with half a priority': (broker, topic) => broker.publish(topic, { n: 1 }, { priority: 0.5 }),
  'publish with a negative priority': (broker, topic) => broker.publish(topic, { n: 1 }, { priority: -1 }),
  'publish with an id that is a number': (broker, topic) => broker.publish(topic, { n: 1 }, { id: 7 as never }),
  'publish with an empty id': (broker, topic) => broker.publish(topic, { n: 1 }, { id: '' }),
  'publish with headers that are numbers': (broker, topic) =>
    broker.publish(topic, { n: 1 }, { headers: { a: 1 as never } }),
  'publish many of what is no list': (broker, topic) => broker.publishMany(topic, 5 as never),
  'publish many of what are no items': (broker, topic) => broker.publishMany(topic, [{ n: 1 }] as never),
  'subscribe to a topic': (broker, topic) => broker.subscribe(topic as never, () => {}),
  'subscribe without a handler': (broker, topic) => broker.subscribe(topic.subscription('billing'), undefined as never),
  'subscribe with no concurrency': (broker, topic) =>
    broker.subscribe(topic.subscription('billing'), () => {}, { concurrency: 0 }),
  'subscribe with a negative prefetch': (broker, topic) =>
    broker.subscribe(topic.subscription('billing'), () => {}, { prefetch: -1 }),
  'subscribe with an unknown option': (broker, topic) =>
    broker.subscribe(topic.subscription('billing'), () => {}, { retries: 1 } as never),
  'declare nothing that exists': broker => broker.declare({} as never),
  'check what is no subscription': (broker, topic) => broker.check(topic as never),
  'read the history from nowhere': (broker, topic) => broker.history(topic, { from: 'begin' as never }),
  'look for dead letters of a topic': (broker, topic) => broker.deadLetters(topic as never),
  'redrive a negative number': (broker, topic) => broker.redrive(topic.subscription('billing'), { limit: -1 }),
  'discard what is no list of ids': (broker, topic) =>
    broker.discard(topic.subscription('billing'), { ids: 'a' as never }),
  'count a text': broker => broker.counts('orders/billing' as never),
  'remove a text': broker => broker.remove('orders/billing' as never),
  'listen to an unknown event': broker => broker.on('delivery.akced' as never, () => {}),
  'drain for ever': broker => broker.close({ drain: Number.POSITIVE_INFINITY }),
}

/** What an adapter may be asked to put into our words: native errors, and things that no error should be. */
const THROWN: Readonly<Record<string, unknown>> = {
  'an error': new Error('the socket was closed'),
  'an error with a code': Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
  'one of ours': new PluribusError('TIMEOUT', 'It took too long.'),
  'a text': 'closed',
  nothing: undefined,
  null: null,
  'a number': 7,
  'an object without a prototype': Object.create(null),
}

/** Errors: their codes, and what they say of trying again. */
export const CAP_ERRORS = defineCases(
  {
    id: 'CAP-15',
    title: 'what is not legal is refused before anything is done',
    promise: 'A call with a wrong argument ends with INVALID_ARGUMENT, and the adapter never hears of it.',
    profile: 'core',
    async run(it) {
      const broker = await it.open()
      const topic = it.topic()
      const before = it.history.events.length
      for (const [what, call] of Object.entries(WRONG_CALLS)) {
        // Some throw at once, those that answer no promise; to the caller it is one thing.
        const error = await Promise.resolve()
          .then(() => call(broker, topic))
          .then(
            () => undefined,
            (thrown: unknown) => thrown,
          )
        check(isPluribusError(error, 'INVALID_ARGUMENT'), `${what}: expected INVALID_ARGUMENT, found ${String(error)}`)
        check(!error.retryable, `${what}: the error says that trying again may help`)
      }
      const done = it.history.events.slice(before).filter(({ kind }) => kind !== 'receipt')
      equal(
        done.map(({ kind }) => kind),
        [],
        'what had been done before the refusals',
      )
      await broker.publish(topic, { n: 1 })
    },
  },
  {
    id: 'CAP-16',
    title: 'every error has a code of the list',
    promise: 'Whatever an adapter throws is an error of ours, with a known code, and the native one as its cause.',
    profile: 'core',
    async run(it) {
      const adapter = adapterOf(await it.brokerOptions())
      for (const [what, error] of Object.entries(THROWN)) {
        const classified = adapter.classify(error)
        check(ERROR_CODES.includes(classified.code), `${what} is classified as ${classified.code}: no code of the list`)
        equal(typeof classified.retryable, 'boolean', `the type of retryable where ${what} is classified`)
      }
      const [broker, breakable] = await it.openBreakable()
      const native = new Error('a native error')
      breakable.failBefore('publish', { error: native })
      const error = await broker.publish(it.topic(), { n: 1 }).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      check(isPluribusError(error), `a native error became ${String(error)}, no error of ours`)
      check(ERROR_CODES.includes(error.code), `a native error got the code ${error.code}: none of the list`)
      check(error.message.includes(it.adapter), `the error does not name the adapter ${it.adapter}: ${error.message}`)
      let cause: unknown = error
      while (cause instanceof Error && cause !== native) cause = cause.cause
      equal(cause, native, 'the native error, somewhere among the causes')
    },
  },
  {
    id: 'CAP-17',
    title: 'errors say whether trying again can help',
    promise: 'What the outside is to blame for is retryable; what the caller asked for is not.',
    profile: 'full',
    budget: ({ delay }) => delay,
    async run(it) {
      const [broker, adapter] = await it.openBreakable({ publishTimeout: it.timing.delay })
      const topic = it.topic()
      const refusals: readonly [string, Promise<unknown>][] = [
        ['an illegal argument', broker.publish(topic, { n: 1 }, { id: '' })],
        ['what cannot be encoded', broker.publish(topic, (() => {}) as never)],
        ['too many headers', broker.publish(topic, { n: 1 }, { headers: { large: 'x'.repeat(100_000) } })],
      ]
      for (const [what, call] of refusals) {
        const retryable = await call.then(
          () => undefined,
          (error: unknown) => isPluribusError(error) && error.retryable,
        )
        equal(retryable, false, `whether ${what} is retryable`)
      }
      adapter.refuse()
      adapter.cut()
      const error = await it.rejects('UNAVAILABLE', () => broker.publish(topic, { n: 2 }))
      equal([error.retryable, error.outcome], [true, 'definite'], 'retryable and outcome where there is no connection')
    },
  },
)
