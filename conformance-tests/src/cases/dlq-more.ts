import { bytes, type StandardSchema, type Topic, topic } from '@pluribus/core'
import { all } from '../case/all.js'
import { failAlways } from '../case/behaviour.js'
import { defineCases } from '../case/case.js'
import { countsBecome } from '../case/counts-become.js'
import { check, equal, sameMembers } from '../case/expect.js'
import { isDeadly, STRIKES, strikeNext } from '../case/strike.js'

/** Dying: what is moved, what is not disturbed, what cannot be read. */
export const DLQ_MORE = defineCases(
  {
    id: 'DLQ-06',
    title: 'a death is stored whole',
    promise:
      'Wherever a process dies or a link breaks while a message is being dead-lettered, it is there afterwards, as a dead letter of its own: never not at all.',
    profile: 'full',
    budget: ({ recover, lease }) => 5 * (3 * (lease + recover) + lease),
    async run(it) {
      for (const strike of STRIKES) {
        const orders = it.topic()
        const billing = orders.subscription('billing', { retry: { attempts: 1 } })
        const fail = () => Promise.reject(new Error('always'))
        const [broker, adapter] = await it.openBreakable()
        const first = await it.collect(broker, billing, fail)
        let ids: readonly string[] = []
        const provoke = async () => {
          ids = await it.publish(orders, 3)
        }
        await strikeNext(it, adapter, strike, { operation: 'settle', provoke })
        const second = isDeadly(strike) ? await it.collect(await it.open(), billing, fail) : first
        const reader = second.broker
        const deadline = it.clock.monotonic() + it.timing.lease + it.timing.recover
        let dead = await all(reader.deadLetters(billing))
        while (dead.length < 3 && it.clock.monotonic() < deadline) {
          await it.elapse(it.timing.recover / 20)
          dead = await all(reader.deadLetters(billing))
        }
        sameMembers(
          [...new Set(dead.map(({ message }) => message.id))],
          ids,
          `the dead letters where, as they are stored, it ${strike}`,
        )
      }
    },
  },
  {
    id: 'DLQ-07',
    title: 'what nobody can read is dead at once, as it is',
    promise:
      'A payload that cannot be decoded, and data that the schema refuses, is dead after one run, with its reason and its bytes; others are handled.',
    profile: 'full',
    async run(it) {
      const raw = it.topic({ codec: bytes })
      const asJson: Topic<unknown> = topic(raw.name)
      const strict = topic(raw.name, { schema: onlyNumbers })
      const broker = await it.open()
      const reading = await it.collect(
        broker,
        asJson.subscription('reading', { retry: { delays: [] } }),
        message => void message.data,
      )
      const checking = await it.collect(broker, strict.subscription('checking', { retry: { delays: [] } }))
      const payloads = ['{not json', '"text"', '7'].map(text => new TextEncoder().encode(text))
      const { receipts } = await broker.publishMany(
        raw,
        payloads.map(data => ({ data })),
      )
      const [garbled, text, number] = receipts.map(receipt => receipt?.id)
      const isOver = () => reading.dead.length === 1 && checking.dead.length === 2
      await it.until(isOver, { what: 'what cannot be read to be dead' })
      sameMembers(reading.acked, [text, number], 'what was acked where any JSON will do')
      sameMembers(checking.acked, [number], 'what was acked where only numbers will do')
      const found = []
      for (const name of ['reading', 'checking']) {
        for (const { message, reason, errors } of await all(broker.deadLetters(raw.subscription(name)))) {
          found.push([name, message.id, reason, errors.length, Buffer.from(message.data).toString()])
        }
      }
      const expected = [
        ['reading', garbled, 'UNDECODABLE', 1, '{not json'],
        ['checking', garbled, 'UNDECODABLE', 1, '{not json'],
        ['checking', text, 'INVALID_DATA', 1, '"text"'],
      ]
      sameMembers(found, expected, 'the dead letters: subscription, id, reason, errors, payload')
    },
  },
  {
    id: 'DLQ-08',
    title: 'a death concerns one subscription',
    promise: 'A message that dies in one subscription is handled in the others, and is no dead letter of theirs.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const failing = await it.collect(broker, orders.subscription('failing', { retry: { attempts: 1 } }), failAlways())
      const other = await it.collect(broker, orders.subscription('other'))
      const ids = await it.publish(orders, 3)
      const isOver = () => failing.dead.length === 3 && other.acked.length === 3
      await it.until(isOver, { what: 'three messages to be dead in one subscription and acked in the other' })
      equal([failing.ids, other.ids], [ids, ids], 'the runs in both subscriptions')
      const dead = await all(broker.deadLetters(other.subscription))
      equal(dead.length, 0, 'how many dead letters the other subscription has')
    },
  },
  {
    id: 'DLQ-21',
    title: 'dead letters outlive the retention of their topic',
    promise:
      'What a subscription has not handled is kept for it, its dead letters too: they can be read and redriven after the retention.',
    profile: 'full',
    needs: 'retention:keeps-pending',
    proves: ['retention:keeps-pending'],
    budget: ({ delay, arrive }) => 10 * delay + arrive,
    async run(it) {
      const orders = it.topic({ retention: { age: it.timing.delay } })
      const billing = orders.subscription('billing', { retry: { attempts: 1 } })
      const broker = await it.open()
      const failing = await it.collect(broker, billing, failAlways())
      const [id] = await it.publish(orders, 1)
      await it.until(() => failing.dead.length === 1, { what: 'the message to be dead' })
      await failing.close()
      await it.elapse(10 * it.timing.delay)
      // Other messages come and go meanwhile: what is past its age is removed at the latest now.
      await it.publish(orders, 3)
      const [dead] = await all(broker.deadLetters(billing))
      equal(
        [dead?.message.id, dead?.message.data],
        [id, { n: 1 }],
        'id and data of the dead letter after the retention',
      )
      await broker.redrive(billing)
      const again = await it.collect(broker, billing)
      await it.until(() => again.acked.length === 4, { what: 'it and three later ones to be acked' })
      check(again.acked.includes(id ?? ''), 'the dead letter was not acked after it had been redriven')
    },
  },
  {
    id: 'DLQ-17',
    title: 'a key goes on after one of its messages has died',
    promise:
      'While a keyed message may still be tried again its key waits; when it is dead, the next one is handed out.',
    profile: 'full',
    needs: { not: 'keys:none' },
    refusal: 'REF-keys',
    proves: ['keys:key', 'keys:window', 'keys:partition'],
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { retry: { attempts: 2, delays: [] } })
      const seen = await it.collect(
        await it.open(),
        billing,
        failAlways(({ data }) => data.n === 1),
        { concurrency: 4 },
      )
      await it.publish(orders, 3, () => ({ key: 'one' }))
      const isOver = () => seen.dead.length === 1 && seen.acked.length === 2
      await it.until(isOver, { what: 'one message to be dead and two behind it to be acked' })
      equal(seen.numbers, [1, 1, 2, 3], 'the order of the runs')
    },
  },
  {
    id: 'DLQ-18',
    title: 'a flood of deaths buries nobody',
    promise: 'Where most messages die, those between them are handled, and every death is there, once, with its count.',
    profile: 'full',
    proves: ['counts:dead'],
    budget: ({ arrive }) => 6 * arrive,
    async run(it) {
      const orders = it.topic()
      const count = it.size(300)
      const isHealthy = (n: number) => n % 10 === 0
      const billing = orders.subscription('billing', { retry: { attempts: 2, delays: [] } })
      const broker = await it.open()
      const seen = await it.collect(
        broker,
        billing,
        failAlways(({ data }) => !isHealthy(data.n)),
        { concurrency: 8 },
      )
      const ids = await it.publish(orders, count)
      const healthy = ids.filter((_, index) => isHealthy(index + 1))
      const isOver = () => seen.dead.length + seen.acked.length === count
      await it.until(isOver, { within: 4 * it.timing.arrive, what: `${count} messages to be dead or acked` })
      sameMembers(seen.acked, healthy, 'what was acked')
      const dead = (await all(broker.deadLetters(billing))).map(({ message }) => message.id)
      sameMembers(
        dead,
        ids.filter(id => !healthy.includes(id)),
        'the dead letters',
      )
      await countsBecome(
        it,
        { broker, subscription: billing },
        { dead: dead.length, waiting: 0, leased: 0, retrying: 0 },
      )
    },
  },
)

const onlyNumbers: StandardSchema<number, number> = {
  '~standard': {
    version: 1,
    vendor: 'conformance',
    validate: value => (typeof value === 'number' ? { value } : { issues: [{ message: 'is no number' }] }),
  },
}
