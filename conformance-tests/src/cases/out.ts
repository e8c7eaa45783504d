import { isPluribusError, type PluribusError } from '@pluribus/core'
import { defineCases } from '../case/case.js'
import { UNANSWERED } from '../case/core-limits.js'
import { between, check, equal, lasted } from '../case/expect.js'
import { publishedAgain } from '../case/published-again.js'
import { untilAcked } from '../case/until-acked.js'
import type { Expression } from '../claims/expression.js'

/** Supplied ids are recognised. */
const RECOGNISES: Expression = { any: ['deduplication:supplied', 'deduplication:all'] }

/** Outcomes of publishing: stored, surely not stored, or unknown. */
export const OUT = defineCases(
  {
    id: 'OUT-01',
    title: 'what cannot be sent waits as long as publishTimeout, then has surely not been stored',
    promise:
      'Without a connection a publish fails when publishTimeout is over: UNAVAILABLE, definite, and it never comes.',
    profile: 'core',
    guarantees: [1],
    budget: ({ delay, arrive, recover }) => 2 * delay + 2 * arrive + recover,
    async run(it) {
      const publishTimeout = 2 * it.timing.delay
      const orders = it.topic()
      const seen = await it.collect(await it.open(), orders.subscription('billing'))
      const [broker, adapter] = await it.openBreakable({ publishTimeout })
      const { id: before } = await broker.publish(orders, { n: 1 })
      adapter.refuse()
      adapter.cut()
      const start = it.clock.monotonic()
      const error = await it.rejects('UNAVAILABLE', () => broker.publish(orders, { n: 2 }))
      lasted(it.clock.monotonic() - start, publishTimeout, publishTimeout + it.timing.arrive, 'milliseconds it waited')
      equal([error.outcome, error.retryable], ['definite', true], 'outcome, and whether trying again may help')
      adapter.accept()
      const { id: after } = await publishedAgain(() => broker.publish(orders, { n: 3 }))
      await it.until(() => seen.acked.length >= 2, { what: 'the first and the last to be acked' })
      await it.silence(seen)
      equal(seen.ids, [before, after], 'what came')
    },
  },
  {
    id: 'OUT-02',
    title: 'what has waited is sent when the connection is back',
    promise:
      'Publishes made while there is no connection are stored in their order when it is back within publishTimeout.',
    profile: 'core',
    guarantees: [1, 14],
    budget: ({ delay, recover }) => delay + 2 * recover,
    async run(it) {
      const orders = it.topic()
      const seen = await it.collect(await it.open(), orders.subscription('billing'))
      const [broker, adapter] = await it.openBreakable({ publishTimeout: 2 * it.timing.recover })
      adapter.refuse()
      adapter.cut()
      const publishing = [1, 2, 3].map(n => broker.publish(orders, { n }))
      await it.elapse(it.timing.delay)
      adapter.accept()
      const receipts = await Promise.all(publishing)
      await untilAcked(it, 3, seen)
      equal(
        seen.ids,
        receipts.map(({ id }) => id),
        'what came',
      )
    },
  },
  {
    id: 'OUT-03',
    title: 'a lost answer is unknown where the id would not be recognised, and nothing is sent twice',
    promise: 'A publish whose answer is lost fails as `unknown`; the message is there at most once.',
    profile: 'core',
    guarantees: [1],
    needs: { not: 'deduplication:all' },
    budget: ({ recover }) => recover,
    async run(it) {
      const orders = it.topic()
      const seen = await it.collect(await it.open(), orders.subscription('billing'))
      const [broker, adapter] = await it.openBreakable()
      adapter.loseReplies('publish')
      const error = await refusedPublish(() => broker.publish(orders, { n: 1 }))
      equal(error.outcome, 'unknown', 'the outcome of a publish whose answer is lost')
      await it.until(() => seen.acked.length === 1, { what: 'what had been stored to come' })
      await publishedAgain(() => broker.publish(orders, { n: 2 }))
      await it.until(() => seen.acked.length >= 2, { what: 'the next one to come' })
      equal(seen.numbers, [1, 2], 'what came')
    },
  },
  {
    id: 'OUT-04',
    title: 'what is in doubt is sent again where its id is recognised, and stored once',
    promise:
      'A publish under an id of its own survives a lost call and a lost answer by itself, without a second copy.',
    profile: 'core',
    guarantees: [1, 2],
    needs: RECOGNISES,
    proves: ['deduplication:supplied', 'deduplication:all'],
    budget: ({ recover }) => 3 * recover,
    async run(it) {
      const orders = it.topic()
      const seen = await it.collect(await it.open(), orders.subscription('billing'))
      const [broker, adapter] = await it.openBreakable({ publishTimeout: 2 * it.timing.recover })
      adapter.loseReplies('publish')
      const lost = await broker.publish(orders, { n: 1 }, { id: 'answer-lost' })
      adapter.failBefore('publish', { cut: true })
      const cut = await broker.publish(orders, { n: 2 }, { id: 'call-lost' })
      equal([lost.duplicate, cut.duplicate], [false, false], 'whether they are called duplicates')
      await untilAcked(it, 2, seen)
      await it.silence(seen)
      equal(seen.ids, ['answer-lost', 'call-lost'], 'what came')
    },
  },
  {
    id: 'OUT-05',
    title: 'what is in doubt is sent again before what was published later',
    promise: 'Sending again keeps the order of publishing.',
    profile: 'full',
    guarantees: [1, 8],
    needs: [RECOGNISES, { any: ['fifo:exact', 'fifo:windowed'] }],
    proves: ['deduplication:supplied', 'deduplication:all'],
    budget: ({ recover }) => 2 * recover,
    async run(it) {
      const orders = it.topic()
      const seen = await it.collect(await it.open(), orders.subscription('billing'))
      const [broker, adapter] = await it.openBreakable({ publishTimeout: 2 * it.timing.recover })
      await broker.publish(orders, { n: 0 }, { id: 'first' })
      const letGo = adapter.hold('publish')
      adapter.loseReplies('publish')
      const early = ['a', 'b', 'c'].map((id, n) => broker.publish(orders, { n }, { id }))
      await it.until(() => adapter.calls('publish') === 2, { what: 'the batch to be on its way' })
      const late = ['d', 'e'].map((id, n) => broker.publish(orders, { n }, { id }))
      letGo()
      await Promise.all([...early, ...late])
      await untilAcked(it, 6, seen)
      equal(seen.ids, ['first', 'a', 'b', 'c', 'd', 'e'], 'the order of the runs')
    },
  },
  {
    id: 'OUT-06',
    title: 'a batch says of each message what became of it',
    promise: 'Where some of a batch are surely not stored the rest are, and the report has the fate of each.',
    profile: 'full',
    guarantees: [1],
    async run(it) {
      const orders = it.topic()
      const seen = await it.collect(await it.open(), orders.subscription('billing'))
      const [broker, adapter] = await it.openBreakable()
      const bad = ['two', 'four']
      adapter.failMessages(({ id }) => bad.includes(id), 'definite')
      const items = ['one', 'two', 'three', 'four', 'five'].map((id, n) => ({ id, data: { n } }))
      const error = await refusedPublish(() => broker.publishMany(orders, items))
      const { report } = error
      check(report !== undefined, 'the failure of the batch has no report')
      equal(
        report.failures.map(failure => [failure.id, failure.error.outcome]),
        bad.map(id => [id, 'definite']),
        'the failures',
      )
      equal(
        report.receipts.map(receipt => receipt?.id),
        ['one', undefined, 'three', undefined, 'five'],
        'the receipts',
      )
      await it.until(() => seen.acked.length >= 3, { what: 'the other three to be acked' })
      await it.silence(seen)
      equal(seen.ids, ['one', 'three', 'five'], 'what came')
    },
  },
  {
    id: 'OUT-07',
    title: 'a publish that is never answered ends, and the next one goes through',
    promise: 'On a link that swallows everything a publish settles as `unknown`, and the link is replaced.',
    profile: 'full',
    guarantees: [1, 14],
    needs: { not: 'deduplication:all' },
    budget: ({ recover }) => UNANSWERED + 3 * recover,
    async run(it) {
      const orders = it.topic()
      const seen = await it.collect(await it.open(), orders.subscription('billing'))
      const [broker, adapter] = await it.openBreakable({ publishTimeout: it.timing.recover })
      adapter.loseReplies('publish', { hang: true })
      const start = it.clock.monotonic()
      const error = await refusedPublish(() => broker.publish(orders, { n: 1 }))
      equal(error.outcome, 'unknown', 'the outcome of a publish that is never answered')
      between(it.clock.monotonic() - start, 0, UNANSWERED + it.timing.recover, 'milliseconds until it was given up')
      await publishedAgain(() => broker.publish(orders, { n: 2 }))
      await untilAcked(it, 2, seen)
      equal(seen.numbers, [1, 2], 'what came')
    },
  },
)

/** The publish fails, in whatever way; answers how. */
async function refusedPublish(publish: () => Promise<unknown>): Promise<PluribusError> {
  const error = await publish().then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  check(error !== undefined, 'a publish that must have failed has resolved')
  check(isPluribusError(error), `a publish has failed with ${String(error)}, which is no PluribusError`)
  return error
}
