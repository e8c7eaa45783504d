import { createBroker, topic } from '@pluribus/core'
import { blackhole, cutLink } from '../case/broken-link.js'
import { eventsOf } from '../case/broker-events.js'
import { defineCases } from '../case/case.js'
import { UNANSWERED, UNWOKEN } from '../case/core-limits.js'
import { between, check, equal, sameMembers } from '../case/expect.js'
import { publishedAgain } from '../case/published-again.js'
import type { Sample } from '../case/sample.js'
import { untilAcked } from '../case/until-acked.js'
import { decorate } from '../history/decorate.js'

/** Loss of the connection, as seen from the client. What a proxy shows of it stands in a file of its own. */
export const NET = defineCases(
  {
    id: 'NET-01',
    title: 'after a cut publishing and consuming go on',
    promise: 'When a connection breaks it is replaced, and everything goes on without anybody doing anything.',
    profile: 'core',
    guarantees: [14],
    budget: ({ recover, lease }) => 2 * recover + lease,
    async run(it) {
      const orders = it.topic()
      const [broker, adapter] = await it.openBreakable({ publishTimeout: 2 * it.timing.recover })
      const seen = await it.collect(broker, orders.subscription('billing'))
      for (let round = 1; round <= 3; round++) {
        const { id } = await publishedAgain(() => broker.publish(orders, { n: round }))
        const within = it.timing.arrive + it.timing.recover
        await it.until(() => seen.acked.includes(id), { within, what: `the message of round ${round} to be acked` })
        await cutLink(it, adapter)
      }
      await it.until(() => seen.handle.state === 'consuming', {
        within: it.timing.recover,
        what: 'the consumer to be back after the last cut',
      })
      equal(adapter.generation, 4, 'how many connections there have been')
    },
  },
  {
    id: 'NET-02',
    title: 'a link that swallows everything is noticed and replaced',
    promise: 'Half-open is noticed: publishes settle, the connection is given up, and consuming resumes by itself.',
    profile: 'core',
    guarantees: [1, 14],
    budget: ({ recover }) => 2 * UNANSWERED + UNWOKEN + 2 * recover,
    async run(it) {
      const orders = it.topic()
      const [broker, adapter] = await it.openBreakable()
      const seen = await it.collect(broker, orders.subscription('billing'))
      await it.publish(orders, 1)
      await it.until(() => seen.acked.length === 1, { what: 'the first message to be acked' })
      const end = blackhole(adapter)
      let outcome: string | undefined
      broker.publish(orders, { n: 2 }).then(
        () => {
          outcome = 'stored'
        },
        (error: { readonly outcome?: string }) => {
          outcome = error.outcome
        },
      )
      const [id = ''] = await it.publish(orders, 1)
      const noticed = UNWOKEN + UNANSWERED + it.timing.arrive
      await it.until(() => seen.handle.state === 'disconnected', { within: noticed, what: 'the link to be given up' })
      end()
      const within = UNANSWERED + it.timing.recover
      await it.until(() => seen.acked.includes(id), { within, what: 'what another process published to come' })
      await it.until(() => outcome !== undefined, { within, what: 'the publish that was swallowed to settle' })
      check(outcome !== 'definite', 'a publish that was under way is called definite')
    },
  },
  {
    id: 'NET-03',
    title: 'what was published again after a lost answer is there: once where ids are recognised',
    promise:
      'A caller who publishes again under the same id loses nothing, and doubles nothing where the broker knows the id.',
    profile: 'full',
    guarantees: [1, 2],
    proves: ['deduplication:supplied', 'deduplication:all'],
    budget: ({ recover }) => 3 * recover,
    async run(it) {
      const orders = it.topic()
      const seen = await it.collect(await it.open(), orders.subscription('billing'))
      const [broker, adapter] = await it.openBreakable({ publishTimeout: 2 * it.timing.recover })
      adapter.loseReplies('publish')
      const publish = () => broker.publish(orders, { n: 1 }, { id: 'once' })
      await publish().catch((error: { readonly outcome?: string }) =>
        equal(error.outcome, 'unknown', 'the outcome of a publish whose answer is lost'),
      )
      const { duplicate } = await publishedAgain(publish)
      await it.until(() => seen.acked.length > 0, { what: 'the message to be acked' })
      if (it.capabilities.deduplication === 'none') return
      await it.silence(seen)
      equal(
        [seen.ids, duplicate],
        [['once'], true],
        'what came, and whether the second publish was told to be a duplicate',
      )
    },
  },
  {
    id: 'NET-05',
    title: 'on a slow link nothing breaks',
    promise: 'Where every call takes long, order and concurrency are what they are elsewhere, and nothing comes twice.',
    profile: 'full',
    guarantees: [8],
    budget: ({ delay, arrive }) => 30 * delay + 3 * arrive,
    async run(it) {
      const orders = it.topic()
      const [broker, adapter] = await it.openBreakable()
      for (const call of ['publish', 'pull', 'settle', 'renew'] as const) adapter.delay(call, it.timing.delay / 5)
      const behaviour = () => it.elapse(it.timing.delay / 10)
      const seen = await it.collect(broker, orders.subscription('billing'), behaviour, { concurrency: 2 })
      const { receipts } = await broker.publishMany(
        orders,
        Array.from({ length: 20 }, (_, n) => ({ data: { n } })),
      )
      const within = 20 * it.timing.delay + 3 * it.timing.arrive
      await it.until(() => seen.acked.length === 20, { within, what: 'all twenty to be acked' })
      sameMembers(
        seen.ids,
        receipts.map(receipt => receipt?.id),
        'what ran',
      )
      between(seen.mostRunning, 1, 2, 'handlers that ran at once')
    },
  },
  {
    id: 'NET-07',
    title: 'a consumer that is cut off for longer than its lease is replaced, and its result does not count',
    promise: 'Its message goes to another process; its handler is told to stop, and what it answers changes nothing.',
    profile: 'full',
    guarantees: [7, 11, 14],
    needs: 'competing:message',
    budget: ({ lease, recover, redeliver }) => 2 * lease + 2 * recover + redeliver,
    async run(it) {
      const { lease, redeliver, recover } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout: 4 * (lease + recover) })
      const [broker, adapter] = await it.openBreakable()
      const gate = it.gate()
      const first = await it.collect(broker, billing, () => gate.pass())
      const [id] = await it.publish(orders, 1)
      await it.until(() => gate.arrived === 1, { what: 'the handler to run' })
      adapter.refuse()
      await cutLink(it, adapter)
      const second = await it.collect(await it.open(), billing)
      const within = lease + redeliver + UNWOKEN
      await it.until(() => second.acked.length === 1, { within, what: 'another process to ack the message' })
      await it.until(() => first.runs[0]?.context.signal.aborted === true, {
        within: lease,
        what: 'the handler that was cut off to be told',
      })
      adapter.accept()
      await it.until(() => first.handle.state === 'consuming', { within: recover, what: 'the consumer to be back' })
      gate.open()
      await it.silence(second, first)
      equal([first.acked, second.acked], [[], [id]], 'what each of the two is told to have acked')
      equal(second.attempts, [1], 'the attempt that it was')
    },
  },
  {
    id: 'NET-08',
    title: "a publisher's cut is nothing to its consumers",
    promise: 'Consumers of other processes do not notice when the link of a publisher breaks.',
    profile: 'full',
    budget: ({ recover }) => recover,
    async run(it) {
      const orders = it.topic()
      const consuming = await it.open()
      const events = eventsOf(consuming)
      const seen = await it.collect(consuming, orders.subscription('billing'))
      const [publishing, adapter] = await it.openBreakable({ publishTimeout: 2 * it.timing.recover })
      await publishing.publish(orders, { n: 1 })
      adapter.cut()
      await publishedAgain(() => publishing.publish(orders, { n: 2 }))
      await untilAcked(it, 2, seen)
      equal(events, ['consumer.up 1'], 'what the consumer has told')
    },
  },
  {
    id: 'NET-09',
    title: 'without wake-ups messages come all the same',
    promise: 'Where the channel of the wake-ups is lost, a consumer still looks now and then.',
    profile: 'full',
    guarantees: [14],
    budget: () => 2 * UNWOKEN,
    async run(it) {
      const orders = it.topic()
      const options = await it.brokerOptions()
      check(typeof options.adapter === 'object' && 'connect' in options.adapter, 'the target gives no adapter')
      const adapter = decorate(options.adapter, {
        subscriber: subscriber => ({
          open: (spec, how, events) => subscriber.open(spec, how, { ...events, wake() {} }),
        }),
      })
      const broker = await createBroker({ ...options, adapter })
      const seen: string[] = []
      await broker.subscribe(orders.subscription('billing'), ({ id }) => void seen.push(id))
      const ids = await it.publish(orders, 3)
      await it.until(() => seen.length === 3, { within: UNWOKEN + it.timing.arrive, what: 'all three to come' })
      await broker.close()
      equal(seen, ids, 'what came')
    },
  },
  {
    id: 'NET-11',
    title: 'a link that flaps is reconnected as often as it breaks, and leaks nothing',
    promise: 'Eight cuts are eight reconnections, no more; every connection that was lost is closed; nothing is lost.',
    profile: 'full',
    guarantees: [2, 14],
    budget: ({ lease, recover, delay, redeliver }) => 8 * (delay + recover) + lease + redeliver + UNWOKEN,
    async run(it) {
      const orders = it.topic()
      const [broker, adapter] = await it.openBreakable()
      const seen = await it.collect(broker, orders.subscription('billing'), () => undefined, { concurrency: 4 })
      const publishing = await it.open()
      const ids: string[] = []
      for (let cut = 1; cut <= 8; cut++) {
        const { receipts } = await publishing.publishMany(orders, [
          { data: { n: 2 * cut } },
          { data: { n: 2 * cut + 1 } },
        ])
        ids.push(...receipts.map(receipt => receipt?.id ?? ''))
        await it.elapse(Math.floor(it.random() * (it.timing.delay / 5)))
        await it.until(() => seen.handle.state === 'consuming', {
          within: it.timing.recover,
          what: `the consumer to be back before cut ${cut}`,
        })
        await cutLink(it, adapter)
      }
      const within = it.timing.lease + it.timing.redeliver + it.timing.recover + UNWOKEN
      // An ack that was under way when the link broke may be stored all the same.
      await it.until(() => new Set(seen.ids).size === 16, { within, what: 'all sixteen to be run' })
      sameMembers([...new Set(seen.ids)], ids, 'what was run')
      equal(adapter.connects, 9, 'how often it was connected')
      equal(adapter.calls('close'), 8, 'how many of the lost connections were closed')
    },
  },
  {
    id: 'NET-12',
    title: 'a call that fails leaves the others on its connection alone',
    promise: 'What the broker refuses ends no other subscription, and not the connection.',
    profile: 'full',
    guarantees: [14, 17],
    async run(it) {
      const orders = it.topic()
      const [broker, adapter] = await it.openBreakable()
      const events = eventsOf(broker)
      const seen = await it.collect(broker, orders.subscription('billing'))
      const different = topic<Sample>(orders.name, { partitions: 4 })
      await it.rejects('CONFLICT', () => broker.declare(different))
      await it.rejects('CONFLICT', () => broker.publish(different, { n: 1 }))
      await it.rejects('NOT_FOUND', () => broker.counts(it.topic().subscription('nobody')))
      const ids = await it.publish(orders, 2)
      await untilAcked(it, 2, seen)
      equal(seen.ids, ids, 'what came')
      equal([events, adapter.connects], [['consumer.up 1'], 1], 'what was told, and how often it was connected')
    },
  },
  {
    id: 'NET-17',
    title: 'closing ends while there is no connection',
    promise:
      'close() resolves although the broker cannot be reached, and a second time; what was held comes to others.',
    profile: 'core',
    guarantees: [2, 13],
    budget: ({ close, lease, redeliver }) => 2 * close + lease + redeliver + UNWOKEN,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const [broker, adapter] = await it.openBreakable()
      const gate = it.gate()
      const first = await it.collect(broker, billing, () => gate.pass(), { concurrency: 3 })
      const ids = await it.publish(orders, 3)
      await it.until(() => gate.arrived === 3, { what: 'three handlers to run' })
      adapter.refuse()
      await cutLink(it, adapter)
      gate.open()
      const start = it.clock.monotonic()
      await broker.close()
      await broker.close()
      between(it.clock.monotonic() - start, 0, it.timing.close, 'milliseconds until it was closed')
      equal(first.handle.state, 'closed', 'the state of its consumer')
      const second = await it.collect(await it.open(), billing, () => undefined)
      const within = it.timing.lease + it.timing.redeliver + UNWOKEN
      await it.until(() => second.acked.length === 3, { within, what: 'all three to be acked by another process' })
      sameMembers(second.acked, ids, 'what the other one acked')
    },
  },
)
