import { release } from '@pluribus/core'
import { type Behaviour, failAlways } from '../case/behaviour.js'
import { defineCases } from '../case/case.js'
import type { Collector } from '../case/collector.js'
import { check, equal, sameMembers } from '../case/expect.js'
import { patience } from '../case/patience.js'
import type { Sample } from '../case/sample.js'
import { untilAcked } from '../case/until-acked.js'

/** The most pulls that each run may cost where everything waits for its retry: wakes may be spurious, but not a spin. */
const MOST_PULLS = 5

/** Retrying, rejecting, releasing: several messages, consumers and subscriptions. */
export const NCK_MORE = defineCases(
  {
    id: 'NCK-05',
    title: 'hundreds of failures lose nothing',
    promise: 'Whatever fails, in whichever process, is tried again until it succeeds: nothing is lost.',
    profile: 'full',
    budget: ({ arrive }) => 3 * arrive,
    async run(it) {
      const orders = it.topic()
      const count = it.size(100)
      const billing = orders.subscription('billing', { retry: { attempts: 4, delays: [] } })
      const processes = [await it.open(), await it.open(), await it.open()]
      const seen: Collector[] = []
      for (const process of processes) {
        const behaviour: Behaviour<Sample> = (_, { attempt }) => {
          if (attempt <= 3) throw new Error(`attempt ${attempt}`)
        }
        seen.push(await it.collect(process, billing, behaviour, { concurrency: 4, prefetch: 4 }))
      }
      const ids = await it.publish(orders, count)
      const acked = () => seen.flatMap(one => one.acked)
      const what = `${count} messages to be acked, each after three failures`
      await it.until(() => acked().length >= count, { within: 3 * it.timing.arrive, what })
      sameMembers(acked(), ids, 'what was acked')
    },
  },
  {
    id: 'NCK-06',
    title: 'another consumer may have the retry',
    promise: 'A retried message goes to whichever consumer asks first, as the next attempt, and to one of them alone.',
    profile: 'core',
    needs: 'competing:message',
    proves: ['competing:message'],
    budget: ({ redeliver, quiet }) => redeliver + quiet,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const [id] = await it.publish(orders, 1)
      const first = await it.consume(billing)
      const second = await it.consume(billing)
      const delivery = await first.next()
      equal(await first.retry(delivery), [], 'exceptions of the retry')
      const again = await second.next(it.timing.redeliver)
      equal([again.message.id, again.attempt], [id, 2], 'id and attempt of what the second consumer is given')
      await first.nothing(it.timing.quiet, 'the second consumer has the retry')
      equal(await second.ack(again), [], 'exceptions of the ack')
    },
  },
  {
    id: 'NCK-07',
    title: 'a retry concerns one subscription',
    promise: 'A message that fails in one subscription is tried again there alone: others see it once, as attempt 1.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const failing = await it.collect(
        broker,
        orders.subscription('failing', { retry: { delays: [] } }),
        (_, { attempt }) => {
          if (attempt <= 2) throw new Error(`attempt ${attempt}`)
        },
      )
      const others = [
        await it.collect(broker, orders.subscription('beside')),
        await it.collect(await it.open(), orders.subscription('elsewhere')),
      ]
      const ids = await it.publish(orders, 3)
      const isOver = () => [failing, ...others].every(({ acked }) => acked.length === 3)
      await it.until(isOver, { what: 'each subscription to have acked its three messages' })
      for (const other of others) {
        await it.silence(other)
        equal(other.ids, ids, `what ${other.subscription.name} was given`)
        equal([...new Set(other.attempts)], [1], `the attempts of ${other.subscription.name}`)
      }
      sameMembers(failing.attempts, [1, 1, 1, 2, 2, 2, 3, 3, 3], 'the attempts of the subscription that failed')
    },
  },
  {
    id: 'NCK-10',
    title: 'a window full of retries does not spin',
    promise:
      'While everything waits for its next attempt, nothing is handed out before its time, and nobody asks all the time.',
    profile: 'full',
    budget: ({ delay, redeliver, arrive }) => arrive + 2 * (delay + redeliver),
    async run(it) {
      const { timing } = it
      const orders = it.topic()
      const count = it.size(50)
      const billing = orders.subscription('billing', { retry: { attempts: 3, delays: [timing.delay] } })
      const seen = await it.collect(await it.open(), billing, failAlways(), { concurrency: count, prefetch: count })
      await it.publish(orders, count)
      const within = timing.arrive + 2 * (timing.delay + timing.redeliver)
      await it.until(() => seen.dead.length === count, { within, what: `${count} messages to be dead` })
      equal(seen.runs.length, 3 * count, 'how many runs there were')
      for (const id of new Set(seen.ids)) {
        const [one, two] = seen.runsOf(id)
        const gap = (two?.startedAt ?? 0) - (one?.endedAt ?? 0)
        check(gap >= timing.delay, `message ${id} was tried again after ${gap} ms, and its delay is ${timing.delay} ms`)
      }
      const pulls = it.history.events.filter(({ kind }) => kind === 'pull').length
      const most = MOST_PULLS * seen.runs.length
      check(pulls <= most, `it spins: ${pulls} pulls for ${seen.runs.length} runs, and at most ${most} would do`)
    },
  },
  {
    id: 'NCK-12',
    title: 'a message without a key that fails lets others pass, and comes back at its place',
    promise:
      'Until its retry is due, those behind it are handed out; then it comes before all that still stands behind it.',
    profile: 'full',
    needs: 'fifo:exact',
    proves: ['fifo:exact'],
    budget: ({ delay, redeliver }) => delay + 2 * redeliver,
    async run(it) {
      const { delay, redeliver } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing', { retry: { delays: [delay] }, timeout: patience(it) })
      const gate = it.gate()
      const behaviour: Behaviour<Sample> = ({ data: { n } }, { attempt }) => {
        if (n === 1 && attempt === 1) throw new Error('once')
        return n === 2 ? gate.pass() : undefined
      }
      const seen = await it.collect(await it.open(), billing, behaviour, { prefetch: 0 })
      await it.publish(orders, 4)
      await it.until(() => gate.arrived === 1, { what: 'message 2 to run while message 1 waits for its retry' })
      await it.elapse(delay + it.capabilities.delayTick + redeliver)
      gate.open()
      await untilAcked(it, 4, seen)
      equal(seen.numbers, [1, 2, 1, 3, 4], 'the order of the runs')
    },
  },
  {
    id: 'NCK-13',
    title: 'outcomes in one batch reach the right messages',
    promise: 'Acks, retries, rejects and releases that are settled together each concern the delivery that they name.',
    profile: 'full',
    budget: ({ redeliver, quiet }) => redeliver + quiet,
    async run(it) {
      const orders = it.topic()
      const ids = await it.publish(orders, 8)
      const consumer = await it.consume(orders.subscription('billing'))
      const taken = await consumer.take(8)
      const only = (...numbers: readonly number[]) => taken.filter((_, index) => numbers.includes(index + 1))
      const ends = { ack: only(1, 5), retry: only(2, 7), reject: only(3, 8), release: only(4, 6) }
      equal(await consumer.settle(ends), [], 'exceptions of a batch of everything')
      const back = await consumer.take(4, it.timing.redeliver)
      sameMembers(
        back.map(({ message, attempt }) => `${ids.indexOf(message.id) + 1} as attempt ${attempt}`),
        ['2 as attempt 2', '7 as attempt 2', '4 as attempt 1', '6 as attempt 1'],
        'what comes back after 2 and 7 were retried, 4 and 6 released',
      )
      await consumer.nothing(it.timing.quiet, '1 and 5 were acked, 3 and 8 rejected')
      const dead: number[] = []
      const subscription = { topic: orders.name, name: 'billing' }
      for await (const { message } of consumer.connection.persistence.deadLetters({ subscription })) {
        dead.push(ids.indexOf(message.id) + 1)
      }
      sameMembers(dead, [3, 8], 'what is dead')
    },
  },
  {
    id: 'NCK-14',
    title: 'releases never use up attempts',
    promise: 'A handler may give a message back as often as it likes: where one failure would kill it, it still lives.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { retry: { attempts: 1 } })
      const times = it.size(20)
      let given = 0
      const seen = await it.collect(await it.open(), billing, () => (given++ < times ? release() : undefined))
      const ids = await it.publish(orders, 1)
      await it.until(() => seen.acked.length === 1, { what: `the message to be acked after ${times} releases` })
      equal(seen.acked, ids, 'what was acked')
      equal([...new Set(seen.attempts)], [1], 'the attempts of its runs')
      equal(seen.released.length, times, 'how often it was given back')
    },
  },
)
