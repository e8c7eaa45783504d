import { bytes, isPluribusError, type PublishItem } from '@pluribus/core'
import { defineCases } from '../case/case.js'
import { check, equal } from '../case/expect.js'
import type { Sample } from '../case/sample.js'
import { untilAcked } from '../case/until-acked.js'

const itemsFrom = (first: number, count: number): PublishItem<Sample>[] =>
  Array.from({ length: count }, (_, index) => ({ data: { n: first + index } }))

/** Many messages in one call. */
export const BAT = defineCases(
  {
    id: 'BAT-01',
    title: 'a batch is stored whole and in order',
    promise:
      'publishMany() stores every item in the order of the list and answers a receipt for each; no items are no failure.',
    profile: 'core',
    budget: ({ arrive }) => 3 * arrive,
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const seen = await it.collect(broker, orders.subscription('billing'))
      const none = await broker.publishMany(orders, [])
      equal([none.stored, [...none.receipts], [...none.failures]], [0, [], []], 'the report of an empty batch')
      const ids: (string | undefined)[] = []
      for (const count of [1, 10, it.size(1_000)]) {
        const { stored, receipts, failures } = await broker.publishMany(orders, itemsFrom(ids.length, count))
        equal([stored, receipts.length, failures.length], [count, count, 0], `the report of a batch of ${count}`)
        ids.push(...receipts.map(receipt => receipt?.id))
      }
      await untilAcked(it, ids.length, seen)
      equal([...seen.ids].sort(), [...ids].sort(), 'the messages that came, by the ids of the receipts')
      if (it.capabilities.fifo !== 'exact') return
      equal(
        seen.numbers,
        ids.map((_, n) => n),
        'the order of the runs',
      )
    },
  },
  {
    id: 'BAT-02',
    title: 'one illegal item stops its batch',
    promise: 'Where an item is not legal, nothing of the batch is sent, and the error says which item it is.',
    profile: 'core',
    async run(it) {
      const orders = it.topic<unknown>()
      const broker = await it.open()
      const seen = await it.collect(broker, orders.subscription('billing'))
      const wrong: readonly (readonly [PublishItem<unknown>, string])[] = [
        [{ data: { n: Number.NaN } }, 'ENCODING'],
        [{ data: { n: 1 }, headers: { 'pluribus-id': 'x' } }, 'INVALID_ARGUMENT'],
        [{ data: { n: 1 }, id: '' }, 'INVALID_ARGUMENT'],
        [{ data: 'x'.repeat(it.capabilities.limits.payload) }, 'TOO_LARGE'],
      ]
      for (const [item, code] of wrong) {
        const batch = [{ data: { n: 1 } }, { data: { n: 2 } }, item, { data: { n: 4 } }]
        const error = await broker.publishMany(orders, batch).then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
        check(isPluribusError(error), `a batch with an item that is ${code} ended with ${String(error)}`)
        equal([error.code, error.outcome, error.details.index], [code, 'definite', 2], 'code, outcome and index')
      }
      const { id } = await broker.publish(orders, { n: 5 })
      await it.until(() => seen.acked.length > 0, { what: 'the message behind the batches' })
      await it.silence(seen)
      equal(seen.ids, [id], 'what came')
    },
  },
  {
    id: 'BAT-03',
    title: 'one message that fails takes no other with it',
    promise:
      'Where the broker refuses one message of a batch, the others are stored, and the report tells each one its fate.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const [broker, adapter] = await it.openBreakable()
      const seen = await it.collect(broker, orders.subscription('billing'))
      const items = itemsFrom(0, 5).map((item, n) => ({ ...item, id: `item-${n}` }))
      adapter.failMessages(({ id }) => id === 'item-2', 'definite', { times: 1 })
      const error = await broker.publishMany(orders, items).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      check(isPluribusError(error) && error.report !== undefined, `there is no report: ${String(error)}`)
      const { stored, failures, receipts } = error.report
      equal(stored, 4, 'how many are stored')
      equal(
        failures.map(({ index, id, error: { outcome } }) => [index, id, outcome]),
        [[2, 'item-2', 'definite']],
        'the failures',
      )
      equal(
        receipts.map(receipt => receipt?.id),
        ['item-0', 'item-1', undefined, 'item-3', 'item-4'],
        'the receipts',
      )
      await it.until(() => seen.acked.length === 4, { what: 'the four others to be acked' })
      await it.silence(seen)
      equal(seen.ids, ['item-0', 'item-1', 'item-3', 'item-4'], 'what came')
    },
  },
  {
    id: 'BAT-04',
    title: 'a batch that is too large for one request is split',
    promise:
      'A batch whose items are legal is stored whole, in order, however many there are and however much they weigh.',
    profile: 'full',
    budget: ({ arrive }) => 6 * arrive,
    async run(it) {
      const orders = it.topic()
      const blobs = it.topic({ codec: bytes })
      const broker = await it.open()
      const many = await it.collect(broker, orders.subscription('many'))
      const heavy = await it.collect(broker, blobs.subscription('heavy'), undefined, { prefetch: 0 })
      const count = it.size(1_500)
      // Together nearly twice what some brokers take in one request, and each of them legal.
      const size = Math.floor(Math.min(0.6 * it.capabilities.limits.payload, 0.6 * 1_048_576))
      const weights = [1, 2, 3].map(fill => ({ data: new Uint8Array(size).fill(fill) }))
      const reports = await Promise.all([
        broker.publishMany(orders, itemsFrom(0, count)),
        broker.publishMany(blobs, weights),
      ])
      equal(
        reports.map(({ stored }) => stored),
        [count, 3],
        'how many are stored',
      )
      const within = 6 * it.timing.arrive
      await it.until(() => many.acked.length === count && heavy.acked.length === 3, { within, what: 'all to be acked' })
      const fills = heavy.runs.map(({ message }) => message.data as Uint8Array)
      equal(
        fills.map(data => [data.byteLength, data[0], data.at(-1)]),
        [1, 2, 3].map(fill => [size, fill, fill]),
        'size, first and last byte of the heavy ones',
      )
      if (it.capabilities.fifo !== 'exact') return
      equal(
        many.numbers,
        Array.from({ length: count }, (_, n) => n),
        'the order of the many',
      )
    },
  },
  {
    id: 'BAT-05',
    title: 'a batch that is cut off says what is in doubt',
    promise:
      'Where the answer to a batch is lost, each item is stored or in doubt; none that was stored is called definitely failed.',
    profile: 'core',
    budget: ({ recover }) => 2 * recover,
    async run(it) {
      const orders = it.topic()
      const [broker, adapter] = await it.openBreakable({ publishTimeout: it.timing.recover })
      const seen = await it.collect(await it.open(), orders.subscription('billing'))
      await broker.publish(orders, { n: 0 })
      adapter.loseReplies('publish')
      const error = await broker.publishMany(orders, itemsFrom(1, 5)).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      const { deduplication } = it.capabilities
      if (deduplication !== 'none' && deduplication.ids === 'all') {
        equal(error, undefined, 'the error where every id is recognised')
      } else {
        check(isPluribusError(error) && error.report !== undefined, `there is no report: ${String(error)}`)
        equal(error.outcome, 'unknown', 'the outcome of the batch')
        equal(
          error.report.failures.map(({ error: { outcome } }) => outcome),
          Array.from({ length: 5 }, () => 'unknown'),
          'the outcomes of its items',
        )
      }
      await it.until(() => new Set(seen.numbers).size === 6, {
        within: it.timing.recover,
        what: 'everything that was stored before the answer was lost',
      })
    },
  },
  {
    id: 'BAT-06',
    title: 'one id twice in a batch',
    promise: 'Where ids are recognised, the second item of an id is a duplicate, and is not stored.',
    profile: 'full',
    needs: { any: ['deduplication:supplied', 'deduplication:all'] },
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const seen = await it.collect(broker, orders.subscription('billing'))
      const ids = ['a', 'b', 'a', 'c', 'a']
      const { stored, receipts } = await broker.publishMany(
        orders,
        ids.map((id, n) => ({ id, data: { n } })),
      )
      equal(stored, 5, 'how many are stored, duplicates included')
      equal(
        receipts.map(receipt => [receipt?.id, receipt?.duplicate]),
        [
          ['a', false],
          ['b', false],
          ['a', true],
          ['c', false],
          ['a', true],
        ],
        'the receipts',
      )
      await untilAcked(it, 3, seen)
      await it.silence(seen)
      equal([...seen.ids].sort(), ['a', 'b', 'c'], 'what came')
    },
  },
)
