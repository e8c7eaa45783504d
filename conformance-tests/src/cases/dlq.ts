import { bytes } from '@pluribus/core'
import { all } from '../case/all.js'
import { defineCases } from '../case/case.js'
import { check, equal } from '../case/expect.js'

/** Dead letters and redriving. */
export const DLQ = defineCases(
  {
    id: 'DLQ-01',
    title: 'after the last attempt there is one dead letter, and nothing else',
    promise: 'A message whose attempts are used up stands among the dead letters once, and is out of its subscription.',
    profile: 'core',
    guarantees: [6],
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { retry: { attempts: 2, delays: [] } })
      const broker = await it.open()
      const seen = await it.collect(broker, billing, () => {
        throw new Error('always')
      })
      const ids = await it.publish(orders, 1)
      await it.until(() => seen.dead.length === 1, { what: 'the message to be dead' })
      await it.silence(seen)
      const dead = await all(broker.deadLetters(billing))
      equal(
        dead.map(({ message }) => message.id),
        ids,
        'the dead letters',
      )
      equal(
        dead[0]?.errors.map(({ message }) => message),
        ['always', 'always'],
        'their errors',
      )
    },
  },
  {
    id: 'DLQ-02',
    title: 'a dead letter is the message as it was published',
    promise:
      'Payload, key, headers, id and time of a dead letter are what was published, also where the payload is binary.',
    profile: 'core',
    guarantees: [15],
    async run(it) {
      const payload = Uint8Array.from({ length: 256 }, (_, byte) => byte)
      const blobs = it.topic({ codec: bytes })
      const billing = blobs.subscription('billing', { retry: { attempts: 1 } })
      const broker = await it.open()
      const headers = { plain: 'text', ünïcode: '✓ 𝄞', empty: '' }
      const seen = await it.collect(broker, billing, message => {
        message.data.fill(0)
        throw new Error('always')
      })
      const { id } = await broker.publish(blobs, payload, {
        headers,
        ...(it.capabilities.keys === 'none' ? {} : { key: 'k' }),
      })
      await it.until(() => seen.dead.length === 1, { what: 'the message to be dead' })
      const [dead] = await all(broker.deadLetters(billing))
      check(dead !== undefined, 'there is no dead letter')
      equal(dead.message.id, id, 'the id')
      equal(Buffer.from(dead.message.data).equals(payload), true, 'whether the payload is the one published')
      equal({ ...dead.message.headers }, headers, 'the headers')
    },
  },
)
