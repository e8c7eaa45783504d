import { lifo } from '@pluribus/core'
import { die } from '../case/broken-link.js'
import { defineCases } from '../case/case.js'
import { closed } from '../case/closed.js'
import type { Collector } from '../case/collector.js'
import { check, equal } from '../case/expect.js'
import { patience } from '../case/patience.js'
import { untilAcked } from '../case/until-acked.js'
import { upTo } from '../case/up-to.js'
import { whenDue } from '../case/when-due.js'

const runsOf = ({ runs }: Collector, key: string): readonly (readonly [number, number])[] =>
  runs
    .filter(({ message }) => message.key === key)
    .map(({ message, attempt }) => [(message.data as { n: number }).n, attempt])

/** Keys through retries, deaths and handovers. */
export const KEY_MORE = defineCases(
  {
    id: 'KEY-04',
    title: 'a failing key blocks only itself, until it succeeds or is dead',
    promise: 'While a message of a key waits for its retry, later ones of its key wait too, and everybody else passes.',
    profile: 'full',
    needs: { any: ['keys:key', 'keys:window'] },
    proves: ['keys:key', 'keys:window'],
    budget: ({ arrive, delay, redeliver }) => 3 * (arrive + delay + redeliver),
    async run(it) {
      const { timing } = it
      const orders = it.topic()
      // What does not wait for the retries is there before they are due.
      const delay = timing.arrive + timing.delay
      const billing = orders.subscription('billing', { retry: { attempts: 2, delays: [delay] } })
      const seen = await it.collect(
        await it.open(),
        billing,
        ({ key }, { attempt }) => {
          if (key === 'mends' && attempt === 1) throw new Error('once')
          if (key === 'fails') throw new Error('always')
        },
        { concurrency: 2 },
      )
      // 1 and 4 of "mends", 2 and 5 of "fails", the others of a key each.
      await it.publish(orders, 12, n => ({ key: n % 3 === 0 || n > 5 ? `k${n}` : n % 3 === 1 ? 'mends' : 'fails' }))
      const within = timing.arrive + 3 * (delay + timing.redeliver)
      await it.until(() => seen.acked.length === 10 && seen.dead.length === 2, {
        within,
        what: 'ten acked and two dead',
      })
      const twice = (n: number) => upTo(2).map(attempt => [n, attempt])
      equal(runsOf(seen, 'mends'), [1, 4].flatMap(twice), 'message and attempt of the runs of the key that mends')
      equal(runsOf(seen, 'fails'), [2, 5].flatMap(twice), 'message and attempt of the runs of the key that fails')
      const passed = seen.runs.filter(({ message }) => message.key?.startsWith('k'))
      const retried = seen.runs.find(({ attempt }) => attempt === 2)
      check(
        passed.every(({ startedAt }) => startedAt < (retried?.startedAt ?? 0)),
        'a message of another key has waited for the retry',
      )
    },
  },
  {
    id: 'KEY-05',
    title: 'keys keep their order while processes come and go',
    promise:
      'When processes join, leave and die, what they had not finished is run again before what follows in its key.',
    profile: 'full',
    needs: { not: 'keys:none' },
    budget: ({ lease, recover, redeliver }) => lease + 3 * recover + redeliver,
    async run(it) {
      const { lease, recover, redeliver, delay } = it.timing
      const orders = it.topic({ partitions: 4 })
      const billing = orders.subscription('billing')
      const count = it.size(160)
      const handled = new Set<string>()
      const begun: string[] = []
      const behaviour = async ({ id }: { readonly id: string }) => {
        begun.push(id)
        await it.elapse(it.random() * (delay / 10))
        handled.add(id)
      }
      const [victim, adapter] = await it.openBreakable()
      const dying = await it.collect(victim, billing, behaviour, { concurrency: 4 })
      const leaver = await it.collect(await it.open(), billing, behaviour, { concurrency: 4 })
      const ids = await it.publish(orders, count, n => ({ key: `k${n % 12}` }))
      await it.until(() => handled.size > count / 8, { what: 'an eighth to be handled' })
      const joiner = await it.collect(await it.open(), billing, behaviour, { concurrency: 4 })
      await leaver.close()
      await it.elapse(it.random() * delay)
      await die(it, victim, adapter)
      const within = lease + 3 * recover + redeliver
      await it.until(() => handled.size === count, { within, what: `all ${count} messages to be handled` })
      await closed(it, dying, joiner)
      const firsts = [...new Set(begun)]
      for (const key of upTo(12)) {
        const of = (list: readonly string[]) => list.filter(id => (ids.indexOf(id) + 1) % 12 === key % 12)
        equal(of(firsts), of(ids), `the order in which messages of key k${key % 12} began for the first time`)
      }
    },
  },
  {
    id: 'KEY-10',
    title: 'a retried message is not overtaken in its key',
    promise:
      'Through retries, messages of one key are run in order: the next one begins when the one before is finished.',
    profile: 'full',
    needs: { not: 'keys:none' },
    refusal: 'REF-keys',
    proves: ['keys:key', 'keys:window', 'keys:partition'],
    budget: ({ delay, redeliver }) => 10 * (delay + redeliver),
    async run(it) {
      const { timing } = it
      const orders = it.topic()
      const delays = [timing.delay]
      const billing = orders.subscription('billing', { retry: { attempts: 3, delays } })
      const seen = await it.collect(
        await it.open(),
        billing,
        ({ data }, { attempt }) => {
          if (attempt <= data.n % 3) throw new Error('not yet')
        },
        { concurrency: 4 },
      )
      await it.publish(orders, 12, n => ({ key: n % 2 === 0 ? 'even' : 'odd' }))
      const within = timing.arrive + 10 * (timing.delay + timing.redeliver)
      await it.until(() => seen.acked.length === 12, { within, what: 'twelve messages to be acked' })
      for (const [key, rest] of [
        ['even', 0],
        ['odd', 1],
      ] as const) {
        const expected = upTo(12)
          .filter(n => n % 2 === rest)
          .flatMap(n => upTo((n % 3) + 1).map(attempt => [n, attempt]))
        equal(runsOf(seen, key), expected, `message and attempt of the runs of key ${key}`)
      }
    },
  },
  {
    id: 'KEY-11',
    title: 'a key that is held in one process is closed in all',
    promise: 'While one consumer holds a message of a key, no other is given one of that key, and others go by.',
    profile: 'core',
    needs: ['keys:key', 'competing:message'],
    proves: ['keys:key'],
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const ids = await it.publish(orders, 4, n => ({ key: n === 3 ? 'other' : 'held' }))
      const first = await it.consume(billing)
      const [held] = await first.take(1)
      equal(held?.message.id, ids[0], 'the first message')
      const second = await it.consume(billing)
      const other = await second.next()
      equal(other.message.id, ids[2], 'what another consumer is given while the key is held')
      equal(await second.pull(), [], 'what else it is given')
      await first.close()
      const next = await second.next(it.timing.redeliver)
      equal(next.message.id, ids[0], 'what it is given once the holder is gone')
      equal(await second.ack(other, next), [], 'exceptions of the acks')
      equal((await second.next()).message.id, ids[1], 'what it is given once that is acked')
    },
  },
  {
    id: 'KEY-12',
    title: 'over lifo, the key wins',
    promise: 'A lifo subscription runs the messages of one key in the order of publishing, and the rest latest first.',
    profile: 'full',
    needs: ['lifo:exact', 'keys:key'],
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { discipline: lifo() })
      await it.publish(orders, 6, n => (n % 2 === 0 ? { key: 'k' } : {}))
      const seen = await it.collect(await it.open(), billing)
      await untilAcked(it, 6, seen)
      equal(
        seen.numbers.filter(n => n % 2 === 0),
        [2, 4, 6],
        'the order of the runs of the key',
      )
      equal(
        seen.numbers.filter(n => n % 2 === 1),
        [5, 3, 1],
        'the order of the runs without a key',
      )
    },
  },
  {
    id: 'KEY-13',
    title: 'a key is held in one subscription alone',
    promise: 'What holds up a key in one subscription holds up nothing in another.',
    profile: 'full',
    needs: { not: 'keys:none' },
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const gate = it.gate()
      const stuck = await it.collect(broker, orders.subscription('stuck'), () => gate.pass())
      const free = await it.collect(broker, orders.subscription('free'))
      await it.publish(orders, 5, () => ({ key: 'k' }))
      await it.until(() => stuck.running === 1, { what: 'the first run of the stuck subscription to begin' })
      await untilAcked(it, 5, free)
      gate.open()
      await untilAcked(it, 5, stuck)
      equal([stuck.numbers, free.numbers], [upTo(5), upTo(5)], 'the order of the runs of both')
    },
  },
  {
    id: 'KEY-14',
    title: 'a delayed message does not hold its key before it is due',
    promise: 'A delayed message takes its place in its key when it is due; those published before that go first.',
    profile: 'full',
    needs: [{ not: 'keys:none' }, { not: 'delay:none' }],
    budget: ({ delay, redeliver }) => delay + redeliver,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout: patience(it) })
      const broker = await it.open()
      const seen = await it.collect(broker, billing)
      await broker.publish(orders, { n: 3 }, { key: 'k', delay: it.timing.delay })
      await it.publish(orders, 2, () => ({ key: 'k' }))
      await untilAcked(it, 2, seen)
      await it.elapse(whenDue(it))
      await untilAcked(it, 3, seen)
      equal(seen.numbers, upTo(3), 'the order of the runs')
    },
  },
)
