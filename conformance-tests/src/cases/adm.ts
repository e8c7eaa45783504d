import { priority, reject, type SettingChange } from '@pluribus/core'
import type { SubscriptionCounts } from '@pluribus/core/driver'
import { all } from '../case/all.js'
import { defineCases } from '../case/case.js'
import type { Collector } from '../case/collector.js'
import { countsBecome } from '../case/counts-become.js'
import { equal } from '../case/expect.js'
import { upTo } from '../case/up-to.js'

const NOTHING: SubscriptionCounts = Object.freeze({ waiting: 0, leased: 0, retrying: 0, scheduled: 0, dead: 0 })

/** Looking in from outside, and changing what is declared. */
export const ADM = defineCases(
  {
    id: 'ADM-01',
    title: 'counts are what is there',
    promise:
      'After each step the counts tell how many messages wait, are held, are retried, are scheduled and are dead.',
    profile: 'core',
    proves: ['counts:waiting', 'counts:leased', 'counts:retrying', 'counts:scheduled', 'counts:dead'],
    budget: ({ arrive, lease, redeliver }) => 12 * arrive + lease + redeliver,
    async run(it) {
      const { lease, redeliver } = it.timing
      const hasDelays = it.capabilities.delay !== 'none'
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const consumer = await it.consume(billing)
      const observer = await it.open()
      const counted = (expected: Partial<SubscriptionCounts>, when: string) =>
        countsBecome(it, { broker: observer, subscription: billing, when }, { ...NOTHING, ...expected })
      await counted({}, 'of a new subscription')
      await it.publish(orders, 4)
      await counted({ waiting: 4 }, 'after four messages')
      if (hasDelays) await it.publish(orders, 1, () => ({ delay: lease }))
      const scheduled = hasDelays ? 1 : 0
      await counted({ waiting: 4, scheduled }, 'after a delayed one')
      const [first, second, third] = await consumer.take(3)
      if (first === undefined || second === undefined || third === undefined) return
      await counted({ waiting: 1, leased: 3, scheduled }, 'with three handed out')
      await consumer.ack(first)
      await counted({ waiting: 1, leased: 2, scheduled }, 'after an ack')
      await consumer.reject(second)
      await counted({ waiting: 1, leased: 1, scheduled, dead: 1 }, 'after a reject')
      await consumer.retry(third, lease)
      await counted({ waiting: 1, scheduled, retrying: 1, dead: 1 }, 'after a retry')
      for (let left = 2 + scheduled; left > 0; left--) await consumer.ack(await consumer.next(lease + redeliver))
      await counted({ dead: 1 }, 'when everything else is acked')
      await observer.discard(billing)
      await counted({}, 'when the dead letter is discarded')
    },
  },
  {
    id: 'ADM-02',
    title: 'declaring again changes only what may change',
    promise:
      'An equal declaration does nothing; another order, other levels or partitions are a CONFLICT; the rest is overwritten and told.',
    profile: 'core',
    async run(it) {
      const { name } = it.topic()
      const orders = it.topicCalled(name)
      const billing = orders.subscription('billing', { timeout: it.timing.timeout })
      const changes: SettingChange[] = []
      const broker = await it.open()
      broker.on('setting.changed', change => changes.push(change))
      await broker.declare(orders, billing)
      await broker.declare(
        orders,
        billing,
        it.topicCalled(name).subscription('billing', { timeout: it.timing.timeout }),
      )
      const other = await it.open()
      other.on('setting.changed', change => changes.push(change))
      await other.declare(billing)
      equal(changes, [], 'what equal declarations have changed')
      await it.rejects('CONFLICT', () => other.declare(it.topicCalled(name, { partitions: 2 })))
      if (it.capabilities.priority === 'exact') {
        const ranked = (levels: number) => orders.subscription('ranked', { discipline: priority({ levels }) })
        await it.rejects('CONFLICT', () =>
          other.declare(orders.subscription('billing', { discipline: priority({ levels: 2 }) })),
        )
        await other.declare(ranked(2))
        await it.rejects('CONFLICT', () => other.declare(ranked(3)))
      }
      equal(changes, [], 'what refused declarations have changed')
      const patient = orders.subscription('billing', { timeout: 2 * it.timing.timeout })
      await other.declare(patient)
      equal(
        changes,
        [
          {
            topic: name,
            subscription: 'billing',
            setting: 'timeout',
            from: it.timing.timeout,
            to: 2 * it.timing.timeout,
          },
        ],
        'what the new timeout has changed',
      )
      const stored = await (await it.connect()).persistence.subscriptions(name)
      equal(stored.find(spec => spec.name === 'billing')?.timeout, 2 * it.timing.timeout, 'the stored timeout')
    },
  },
  {
    id: 'ADM-03',
    title: 'what is removed is gone, and nothing else',
    promise:
      'remove() deletes a subscription with all that is in it; others stay; again it does nothing; made anew, it begins anew.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const broker = await it.open()
      const other = await it.collect(broker, orders.subscription('shipping'))
      const seen = await it.collect(broker, billing, ({ data }) => (data.n === 1 ? reject('NO') : undefined))
      const ids = await it.publish(orders, 3)
      await it.until(() => seen.dead.length === 1 && seen.acked.length === 2, { what: 'three messages to be handled' })
      await seen.close()
      await broker.remove(billing)
      await broker.remove(billing)
      await it.rejects('NOT_FOUND', () => broker.counts(billing))
      const { persistence } = await it.connect()
      const names = (await persistence.subscriptions(orders.name)).map(({ name }) => name)
      equal(names, ['shipping'], 'the subscriptions that are left')
      const { id } = await broker.publish(orders, { n: 4 })
      await it.until(() => other.acked.includes(id), { what: 'the other subscription to go on' })
      await broker.declare(billing)
      equal(await all(broker.deadLetters(billing)), [], 'the dead letters of a subscription that was made anew')
      const again = await it.collect(broker, billing)
      await it.until(() => again.acked.length === 4, { what: 'everything from the earliest message on' })
      equal(
        [again.ids, again.attempts],
        [
          [...ids, id],
          [1, 1, 1, 1],
        ],
        'what came to it',
      )
    },
  },
  {
    id: 'ADM-05',
    title: 'what is declared is listed',
    promise:
      'Topics and subscriptions are listed as they were declared, each once, with all their settings; those of a topic that is not there are NOT_FOUND.',
    profile: 'full',
    async run(it) {
      const broker = await it.open()
      const topics = [it.topic({ retention: { age: '30d' } }), it.topic({ partitions: 3 }), it.topic()]
      const delays = [it.timing.delay]
      const declared = topics.flatMap(topic =>
        ['billing', 'shipping'].map(name =>
          topic.subscription(name, { retry: { attempts: 7, delays }, timeout: '7s', grace: '3s' }),
        ),
      )
      const bare = it.topic()
      await broker.declare(...topics, bare, ...declared)
      const { persistence } = await it.connect()
      const names = new Set(topics.map(({ name }) => name))
      const found = (await persistence.topics()).filter(({ name }) => names.has(name))
      const byName = (a: { readonly name: string }, b: { readonly name: string }) => (a.name < b.name ? -1 : 1)
      equal(
        found.toSorted(byName).map(spec => ({ ...spec })),
        topics.map(({ spec }) => spec).toSorted(byName),
        'the topics',
      )
      for (const { name } of topics) {
        equal(
          (await persistence.subscriptions(name)).toSorted(byName).map(spec => ({ ...spec })),
          declared.filter(({ topic }) => topic.name === name).map(({ spec }) => spec),
          `the subscriptions of ${name}`,
        )
      }
      const listed = (await persistence.subscriptions()).filter(({ topic }) => names.has(topic))
      equal(listed.length, declared.length, 'the subscriptions of all topics')
      equal(await persistence.subscriptions(bare.name), [], 'the subscriptions of a topic that has none')
      await it.rejects('NOT_FOUND', () => persistence.subscriptions(it.topic().name))
    },
  },
  {
    id: 'ADM-06',
    title: 'the longest and the oddest names work',
    promise: 'Every legal name works: of one character, of a hundred, of dashes and digits alone.',
    profile: 'core',
    budget: ({ arrive }) => 2 * arrive,
    async run(it) {
      const broker = await it.open()
      const base = it.topic().name
      const longest = `${base}.${'x'.repeat(99 - base.length)}`
      const topics = [`${base}.0`, `${base}.-`, `${base}.---`, `${base}.1.2.3.4.5`, `${base}.con`, longest]
      const subscriptions = ['b', '0', '-', 'null', 'undefined', 'select', 'constructor', 'y'.repeat(60)]
      const seen: Collector[] = []
      for (const name of topics) {
        const topic = it.topicCalled(name)
        for (const subscription of subscriptions) seen.push(await it.collect(broker, topic.subscription(subscription)))
        await it.publish(topic, 2)
      }
      await it.until(() => seen.every(({ acked }) => acked.length === 2), {
        within: 2 * it.timing.arrive,
        what: `two messages in each of ${seen.length} subscriptions`,
      })
      const { persistence } = await it.connect()
      const stored = await persistence.subscriptions(longest)
      equal(stored.map(({ name }) => name).sort(), [...subscriptions].sort(), 'the subscriptions of the longest topic')
    },
  },
  {
    id: 'ADM-07',
    title: 'looking changes nothing',
    promise:
      'However often counts, lists and dead letters are asked for, consuming goes on, in order, without a message twice.',
    profile: 'full',
    budget: ({ arrive }) => 5 * arrive,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const broker = await it.open()
      const seen = await it.collect(broker, billing, ({ data }) => (data.n % 10 === 0 ? reject('TEN') : undefined))
      const { persistence } = await it.connect()
      const looks = it.size(200)
      const sent: Promise<unknown>[] = []
      for (let look = 1; look <= looks; look++) {
        sent.push(broker.publish(orders, { n: look }))
        await Promise.all([broker.counts(billing), all(broker.deadLetters(billing)), persistence.topics()])
      }
      await Promise.all(sent)
      await it.until(() => seen.acked.length + seen.dead.length === looks, {
        within: 5 * it.timing.arrive,
        what: `${looks} messages to be handled`,
      })
      equal(seen.numbers, upTo(looks), 'the order of the runs')
      const left = await all(broker.deadLetters(billing))
      equal(left.length, seen.dead.length, 'the dead letters that are left after all the looking')
    },
  },
)
