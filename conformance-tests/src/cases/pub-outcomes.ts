import { bytes, isPluribusError, type PluribusError } from '@pluribus/core'
import { defineCases } from '../case/case.js'
import { between, check, equal } from '../case/expect.js'
import { untilAcked } from '../case/until-acked.js'

/** Publishes that fail, and what is known of them. */
export const PUB_OUTCOMES = defineCases(
  {
    id: 'PUB-09',
    title: 'a payload that is too large disturbs nobody',
    promise: 'One byte above the limit is TOO_LARGE and definite; what is published beside it and after it is stored.',
    profile: 'core',
    async run(it) {
      const blobs = it.topic({ codec: bytes })
      const broker = await it.open()
      const down: string[] = []
      broker.on('connection.down', ({ error }) => down.push(error.message))
      const seen = await it.collect(broker, blobs.subscription('billing'))
      const small = Uint8Array.of(1, 2, 3)
      const limit = it.capabilities.limits.payload
      const before = broker.publish(blobs, small)
      const error = await it.rejects('TOO_LARGE', () => broker.publish(blobs, new Uint8Array(limit + 1)))
      const beside = await before
      const after = await broker.publish(blobs, small)
      equal(error.outcome, 'definite', 'the outcome')
      equal([error.details.limit, error.details.size], [limit, limit + 1], 'limit and size among the details')
      await it.until(() => seen.acked.length === 2, { what: 'the neighbours to be acked' })
      equal(seen.acked, [beside.id, after.id], 'what was acked')
      equal(down, [], 'connections that were lost over it')
    },
  },
  {
    id: 'PUB-14',
    title: 'a broker that does not keep up is no leak',
    promise:
      'Beyond maxPending publishes fail at once, OVERLOADED and definite; what is below is stored when the broker goes on.',
    profile: 'full',
    budget: ({ arrive }) => 2 * arrive,
    async run(it) {
      const blobs = it.topic({ codec: bytes })
      const maxPending = 10_000
      const [broker, adapter] = await it.openBreakable({ maxPending, publishTimeout: it.timing.recover })
      const seen = await it.collect(broker, blobs.subscription('billing'), undefined, { concurrency: 4 })
      const go = adapter.hold('publish')
      const payload = new Uint8Array(1_000)
      const ends = Array.from({ length: 100 }, () =>
        broker.publish(blobs, payload).then(
          () => 'stored',
          (error: unknown) => (isPluribusError(error) ? `${error.code} ${error.outcome}` : String(error)),
        ),
      )
      let early = 0
      for (const end of ends) end.then(how => (early += how === 'stored' ? 0 : 1))
      await it.until(() => early >= 90, {
        what: 'the publishes beyond maxPending to fail while the broker stands still',
      })
      go()
      const how = await Promise.all(ends)
      const stored = how.filter(end => end === 'stored').length
      between(stored, 1, maxPending / payload.length, 'messages that were taken while the broker stood still')
      equal([...new Set(how)].sort(), ['OVERLOADED definite', 'stored'], 'how the publishes ended')
      await untilAcked(it, stored, seen)
      await broker.publish(blobs, payload)
    },
  },
  {
    id: 'PUB-15',
    title: 'what is in doubt says so',
    promise:
      'A publish whose answer is lost is sent again where the broker recognises it, and is otherwise unknown, never definite.',
    profile: 'core',
    budget: ({ recover }) => 2 * recover,
    async run(it) {
      const { deduplication } = it.capabilities
      const orders = it.topic()
      const [broker, adapter] = await it.openBreakable({ publishTimeout: it.timing.recover })
      const seen = await it.collect(await it.open(), orders.subscription('billing'))
      await broker.publish(orders, { n: 1 })
      adapter.loseReplies('publish')
      const end = await broker.publish(orders, { n: 2 }).then(
        () => 'stored',
        (error: unknown): PluribusError | string => (isPluribusError(error) ? error : String(error)),
      )
      if (deduplication !== 'none' && deduplication.ids === 'all') {
        equal(end, 'stored', 'how it ends where every id is recognised')
      } else {
        check(isPluribusError(end), `the publish ended with: ${String(end)}`)
        equal(end.outcome, 'unknown', 'the outcome of a publish whose answer was lost')
      }
      await broker.publish(orders, { n: 3 })
      await it.until(() => seen.numbers.includes(3), {
        within: it.timing.recover,
        what: 'what was published afterwards',
      })
      await it.silence(seen)
      // Stored before the answer was lost: it has to be there.
      equal([...new Set(seen.numbers)].sort(), [1, 2, 3], 'the messages that came')
    },
  },
  {
    id: 'PUB-16',
    title: 'what has definitely failed never arrives',
    promise: 'Without a connection, and once it is closed, a publish fails definite, and its message is never seen.',
    profile: 'core',
    budget: ({ recover, delay }) => recover + delay,
    async run(it) {
      const orders = it.topic()
      const [broker, adapter] = await it.openBreakable({ publishTimeout: it.timing.delay })
      const seen = await it.collect(await it.open(), orders.subscription('billing'))
      adapter.refuse()
      adapter.cut()
      const failed = await it.rejects('UNAVAILABLE', () => broker.publish(orders, { n: 1 }, { id: 'never' }))
      equal(failed.outcome, 'definite', 'the outcome without a connection')
      adapter.accept()
      await it.until(() => adapter.generation === 2, { within: it.timing.recover, what: 'another connection' })
      const { id } = await broker.publish(orders, { n: 2 })
      await broker.close()
      const closed = await it.rejects('CLOSED', () => broker.publish(orders, { n: 3 }, { id: 'neither' }))
      equal(closed.outcome, 'definite', 'the outcome on a closed broker')
      await it.until(() => seen.acked.length > 0, { what: 'the message that was stored' })
      await it.silence(seen)
      equal(seen.acked, [id], 'what came')
    },
  },
)
