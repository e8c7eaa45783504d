import { bytes, DEAD_REASONS, topic } from '@pluribus/core'
import { all } from '../case/all.js'
import { defineCases } from '../case/case.js'
import { equal, sameMembers } from '../case/expect.js'

/** Poison messages. */
export const PSN = defineCases(
  {
    id: 'PSN-01',
    title: 'a message that always fails keeps nobody, and ends as its policy says',
    promise: 'A hundred good messages around a poisonous one are handled once each; it is dead after its last attempt.',
    profile: 'core',
    guarantees: [4, 6],
    budget: ({ delay, redeliver }) => 3 * (delay + redeliver),
    async run(it) {
      const orders = it.topic()
      const { delay, redeliver, arrive } = it.timing
      const billing = orders.subscription('billing', { retry: { attempts: 3, delays: [delay] } })
      const broker = await it.open()
      const poison = Math.ceil(it.size(100) / 2)
      const seen = await it.collect(broker, billing, ({ data: { n } }) => {
        if (n === poison) throw new Error('poison')
      })
      const ids = await it.publish(orders, it.size(100) + 1)
      const good = ids.filter((_, index) => index !== poison - 1)
      const within = 3 * arrive + 3 * (delay + redeliver)
      await it.until(() => seen.acked.length >= good.length && seen.dead.length > 0, { within, what: 'all to end' })
      sameMembers(seen.acked, good, 'what was acked')
      equal(
        seen.runsOf(ids[poison - 1] ?? '').map(({ attempt }) => attempt),
        [1, 2, 3],
        'the attempts of the poisonous one',
      )
      const dead = await all(broker.deadLetters(billing))
      equal(
        dead.map(({ message, reason, errors }) => [message.id, reason, errors.length]),
        [[ids[poison - 1], DEAD_REASONS.EXHAUSTED, 3]],
        'id, reason and number of errors of the dead letters',
      )
    },
  },
  {
    id: 'PSN-05',
    title: 'what cannot be decoded is dead at once, unchanged, and keeps nobody',
    promise: 'A payload that is not what its topic says goes to the dead letters as it is, on its first run.',
    profile: 'core',
    guarantees: [6, 15],
    async run(it) {
      const orders = it.topic()
      const other = topic<Uint8Array>(orders.name, { codec: bytes })
      const billing = orders.subscription('billing')
      const broker = await it.open()
      const seen = await it.collect(broker, billing, ({ data: { n } }) => void n)
      const broken = [new Uint8Array(0), Uint8Array.from([0xff, 0xfe, 0x00]), new TextEncoder().encode('{"n":')]
      for (const payload of broken) await broker.publish(other, payload)
      const { id } = await broker.publish(orders, { n: 1 })
      await it.until(() => seen.acked.includes(id) && seen.dead.length === 3, { what: 'three dead, one acked' })
      equal(seen.acked, [id], 'what was acked')
      const dead = await all(broker.deadLetters(other.subscription('billing')))
      equal(
        dead.map(({ message, reason }) => [reason, Buffer.from(message.data).toString('hex')]),
        broken.map(payload => [DEAD_REASONS.UNDECODABLE, Buffer.from(payload).toString('hex')]),
        'reasons and payloads of the dead letters',
      )
    },
  },
)
