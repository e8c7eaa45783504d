import { bytes, reject, topic } from '@pluribus/core'
import { all } from '../case/all.js'
import { defineCases } from '../case/case.js'
import { equal } from '../case/expect.js'
import { patience } from '../case/patience.js'
import type { Sample } from '../case/sample.js'
import { untilAcked } from '../case/until-acked.js'
import { upTo } from '../case/up-to.js'

/** Subscriptions of one topic have nothing to do with each other. */
export const FAN = defineCases(
  {
    id: 'FAN-01',
    title: 'each subscription settles for itself',
    promise: 'Of three subscriptions one acks, one dead-letters and one holds the same message: none sees the others.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const gate = it.gate()
      const acking = await it.collect(broker, orders.subscription('acking'))
      const failing = await it.collect(broker, orders.subscription('failing'), () => reject('UNWELL'))
      const holding = await it.collect(broker, orders.subscription('holding'), () => gate.pass())
      const ids = await it.publish(orders, 1)
      await it.until(() => acking.acked.length === 1 && failing.dead.length === 1 && holding.running === 1, {
        what: 'one ack, one death and one run that goes on',
      })
      const dead = await Promise.all(
        [acking, failing, holding].map(({ subscription }) => all(broker.deadLetters(subscription))),
      )
      equal(
        dead.map(letters => letters.map(({ message }) => message.id)),
        [[], ids, []],
        'the dead letters of the three',
      )
      gate.open()
      await untilAcked(it, 1, holding)
      equal([acking.attempts, failing.attempts, holding.attempts], [[1], [1], [1]], 'the attempts of the three')
    },
  },
  {
    id: 'FAN-02',
    title: 'a slow subscription slows down nobody',
    promise: 'While one subscription is stuck, the others get everything; what it has not handled is kept for it.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const gate = it.gate()
      const slow = await it.collect(broker, orders.subscription('slow', { timeout: patience(it) }), () => gate.pass(), {
        prefetch: 2,
      })
      const fast = await it.collect(broker, orders.subscription('fast'))
      const count = it.size(100)
      await it.publish(orders, count)
      await it.until(() => slow.running === 1, { what: 'the slow subscription to be stuck' })
      await untilAcked(it, count, fast)
      equal(slow.runs.length, 1, 'the runs of the slow subscription')
      gate.open()
      await untilAcked(it, count, slow)
      equal(slow.numbers, upTo(count), 'what the slow subscription got')
    },
  },
  {
    id: 'FAN-03',
    title: 'what one does to its copy, nobody else sees',
    promise:
      'A handler may do to its data what it likes: other subscriptions, and later attempts, get what was published.',
    profile: 'full',
    async run(it) {
      const blobs = it.topic({ codec: bytes })
      const broker = await it.open()
      const payload = Uint8Array.from({ length: 64 }, (_, index) => index)
      const found: string[] = []
      for (const name of ['one', 'two']) {
        const subscription = blobs.subscription(name, { retry: { attempts: 2, delays: [] } })
        await it.collect(broker, subscription, ({ data }, { attempt }) => {
          found.push(`${name} ${attempt} ${Buffer.from(data).equals(payload)}`)
          data.fill(0)
          if (attempt === 1) throw new Error('once')
        })
      }
      await broker.publish(blobs, payload)
      await it.until(() => found.length === 4, { what: 'four runs' })
      equal(
        found.sort(),
        ['one 1 true', 'one 2 true', 'two 1 true', 'two 2 true'],
        'subscription, attempt, and whether the data was what had been published',
      )
    },
  },
  {
    id: 'FAN-04',
    title: 'a failing subscription is tried again alone',
    promise: 'Retries, dead letters and redrives of one subscription are invisible to every other.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      let isMended = false
      const calm = await it.collect(broker, orders.subscription('calm'))
      const troubled = orders.subscription('troubled', { retry: { attempts: 3, delays: [] } })
      const failing = await it.collect(broker, troubled, () => {
        if (!isMended) throw new Error('always')
      })
      await it.publish(orders, 5)
      await it.until(() => failing.dead.length === 5, { what: 'five to be dead' })
      isMended = true
      await broker.redrive(troubled)
      await untilAcked(it, 5, failing)
      equal(failing.runs.length, 20, 'the runs of the failing subscription')
      await untilAcked(it, 5, calm)
      await it.silence(calm)
      equal(calm.numbers, upTo(5), 'the runs of the other one')
    },
  },
  {
    id: 'FAN-05',
    title: 'no subscription, one, fifty',
    promise: 'A topic takes messages that nobody wants yet, and gives them to as many subscriptions as there are.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      await it.publish(orders, 3)
      const many = it.size(50)
      const seen = [await it.collect(broker, orders.subscription('first'))]
      await untilAcked(it, 3, ...seen)
      for (const n of upTo(many)) seen.push(await it.collect(broker, orders.subscription(`more-${n}`)))
      await it.publish(orders, 2)
      await untilAcked(it, 5 * (many + 1), ...seen)
      for (const { numbers, subscription } of seen) equal(numbers, [1, 2, 3, 1, 2], `what ${subscription.name} got`)
    },
  },
  {
    id: 'FAN-08',
    title: 'names that look alike are different',
    promise: 'No topic and no subscription gets what was published for another one, whatever the names have in common.',
    profile: 'full',
    async run(it) {
      const base = it.topic().name
      const broker = await it.open()
      const names = [base, `${base}.a`, `${base}-a`, `${base}.a.b`, `${base}.a-b`, `${base}0`]
      const seen = []
      for (const [index, name] of names.entries()) {
        for (const subscription of ['b', 'a-b', '-', '0']) {
          seen.push({
            index,
            collector: await it.collect(
              broker,
              topic<Sample>(name).subscription(subscription, { retry: { delays: [] } }),
            ),
          })
        }
      }
      for (const [index, name] of names.entries()) await broker.publish(topic<Sample>(name), { n: index })
      await untilAcked(it, seen.length, ...seen.map(({ collector }) => collector))
      for (const { index, collector } of seen) {
        equal(collector.numbers, [index], `what ${names[index]}/${collector.subscription.name} got`)
      }
    },
  },
)
