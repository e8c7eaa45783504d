import { defineCases } from '../case/case.js'
import { equal } from '../case/expect.js'
import { untilAcked } from '../case/until-acked.js'

/** Where a subscription starts. */
export const FRM = defineCases(
  {
    id: 'FRM-01',
    title: 'a new subscription starts at the earliest message',
    promise:
      'Unless told otherwise a new subscription gets what was published before it existed, handled by others or not.',
    profile: 'core',
    guarantees: [12],
    needs: 'from:earliest',
    proves: ['from:earliest'],
    async run(it) {
      const orders = it.topic()
      const before = await it.publish(orders, 3)
      const first = await it.collect(await it.open(), orders.subscription('billing'))
      await untilAcked(it, 3, first)
      const late = await it.collect(await it.open(), orders.subscription('shipping'))
      const after = await it.publish(orders, 2)
      await it.until(() => late.acked.length >= 5, { what: 'all five to be acked by the later subscription' })
      equal(late.ids, [...before, ...after], 'what the later subscription was given')
    },
  },
  {
    id: 'FRM-02',
    title: 'latest starts at the end',
    promise: 'A subscription that starts at the latest gets what is published after its creation, and nothing before.',
    profile: 'core',
    guarantees: [12],
    needs: 'from:latest',
    refusal: 'REF-from-latest',
    proves: ['from:latest'],
    async run(it) {
      const orders = it.topic()
      await it.publish(orders, 3)
      const billing = orders.subscription('billing', { from: 'latest' })
      await (await it.open()).declare(billing)
      const ids = await it.publish(orders, 2)
      const seen = await it.collect(await it.open(), billing)
      await it.until(() => seen.acked.length >= 2, { what: 'both later ones to be acked' })
      await it.silence(seen)
      equal(seen.ids, ids, 'what came')
    },
  },
  {
    id: 'FRM-03',
    title: 'a time starts at the first message stored then or later',
    promise: 'A subscription that starts at a time gets everything from then on, and nothing before.',
    profile: 'full',
    guarantees: [12],
    needs: 'from:time',
    refusal: 'REF-from-time',
    proves: ['from:time'],
    budget: ({ delay }) => 2 * delay,
    async run(it) {
      const orders = it.topic()
      const all = [...(await it.publish(orders, 3))]
      await it.elapse(it.timing.delay)
      const time = it.clock.now()
      await it.elapse(it.timing.delay)
      const ids = await it.publish(orders, 3)
      const broker = await it.open()
      const seen = await it.collect(broker, orders.subscription('later', { from: { time } }))
      const early = await it.collect(broker, orders.subscription('early', { from: { time: 0 } }))
      await it.until(() => seen.acked.length >= 3 && early.acked.length >= 6, { what: 'three and six to be acked' })
      await it.silence(seen)
      equal(seen.ids, ids, 'what came to the one that starts in between')
      equal(early.ids, [...all, ...ids], 'what came to the one that starts before everything')
    },
  },
  {
    id: 'FRM-04',
    title: 'an id starts at that message',
    promise: 'A subscription that starts at an id gets that message and everything behind it.',
    profile: 'full',
    guarantees: [12],
    needs: 'from:id',
    refusal: 'REF-from-id',
    proves: ['from:id'],
    async run(it) {
      const orders = it.topic()
      const ids = await it.publish(orders, 5)
      const billing = orders.subscription('billing', { from: { id: ids[2] ?? '' } })
      const seen = await it.collect(await it.open(), billing)
      await it.until(() => seen.acked.length >= 3, { what: 'three to be acked' })
      await it.silence(seen)
      equal(seen.ids, ids.slice(2), 'what came')
    },
  },
  {
    id: 'FRM-05',
    title: 'an id that is not there is told, and creates nothing',
    promise: 'Starting at an id that nobody has published rejects with NOT_FOUND.',
    profile: 'full',
    guarantees: [12],
    needs: 'from:id',
    refusal: 'REF-from-id',
    async run(it) {
      const orders = it.topic()
      await it.publish(orders, 1)
      const billing = orders.subscription('billing', { from: { id: 'nobody' } })
      const broker = await it.open()
      await it.rejects('NOT_FOUND', () => broker.subscribe(billing, () => {}))
      await it.rejects('NOT_FOUND', () => broker.declare(billing))
      equal(await (await it.connect()).persistence.subscriptions(orders.name), [], 'what was created')
    },
  },
  {
    id: 'FRM-06',
    title: 'where a subscription starts is decided once',
    promise:
      'Declared again with another start a subscription goes on where it is: nothing comes twice, nothing is left out.',
    profile: 'full',
    guarantees: [12, 17],
    needs: 'from:latest',
    refusal: 'REF-from-latest',
    async run(it) {
      const orders = it.topic()
      await it.publish(orders, 3)
      await (await it.open()).declare(orders.subscription('billing', { from: 'latest' }))
      const ids = await it.publish(orders, 2)
      const seen = await it.collect(await it.open(), orders.subscription('billing', { from: 'earliest' }))
      await it.until(() => seen.acked.length >= 2, { what: 'both later ones to be acked' })
      await it.silence(seen)
      equal(seen.ids, ids, 'what came after it was declared with another start')
      await (await it.open()).declare(orders.subscription('billing', { from: 'latest' }))
      const more = await it.publish(orders, 1)
      await it.until(() => seen.acked.length >= 3, { what: 'the last one to be acked' })
      equal(seen.ids, [...ids, ...more], 'what came in all')
    },
  },
)
