import { DEAD_REASONS } from '@pluribus/core'
import { all } from '../case/all.js'
import { defineCases } from '../case/case.js'
import { between, check, equal, sameMembers } from '../case/expect.js'
import { randomBytes } from '../case/random.js'

/** Foreign messages: what a client that is not ours has put there. */
export const FRN = defineCases(
  {
    id: 'FRN-01',
    title: 'garbage ends among the dead letters, byte for byte, and keeps nobody',
    promise: 'What is no message of ours is dead-lettered as it is; the consumer goes on.',
    profile: 'core',
    guarantees: [6, 15],
    needs: { not: 'durability:memory' },
    hooks: ['raw'],
    budget: ({ recover, redeliver }) => 2 * recover + redeliver,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const broker = await it.open()
      const seen = await it.collect(broker, billing, ({ data: { n } }) => void n)
      const raw = await it.raw()
      const random = randomBytes(it, 64)
      // A header of gzip that promises far more than there is.
      const bomb = Uint8Array.from([0x1f, 0x8b, 0x08, 0x00, 0xff, 0xff, 0xff, 0xff])
      const texts = ['{"n":', 'no json at all', '{'.repeat(Math.min(1_000_000, it.capabilities.limits.payload))]
      const bodies = [new Uint8Array(0), random, bomb, ...texts.map(text => new TextEncoder().encode(text))]
      for (const body of bodies) await raw.inject(orders.name, { body, headers: {} })
      const { id } = await broker.publish(orders, { n: 1 })
      const within = it.timing.arrive + it.timing.recover
      await it.until(() => seen.acked.includes(id), { within, what: 'the message behind the garbage to be acked' })
      await it.until(() => seen.dead.length === bodies.length, { within, what: 'all of the garbage to be dead' })
      equal(seen.acked, [id], 'what was acked')
      const dead = await all(broker.deadLetters(billing))
      const digests = (payloads: readonly (string | Uint8Array)[]) =>
        payloads.map(payload =>
          Buffer.from(payload as Uint8Array)
            .toString('hex')
            .slice(0, 200),
        )
      sameMembers(digests(dead.map(({ message }) => message.payload)), digests(bodies), 'payloads of the dead letters')
      equal([...new Set(dead.map(({ reason }) => reason))], [DEAD_REASONS.UNDECODABLE], 'reasons of the dead letters')
    },
  },
  {
    id: 'FRN-02',
    title: 'headers with nonsense in them are not believed, and break nothing',
    promise:
      'A copy of our message whose headers are not numbers, negative or huge neither stops the consumer nor is trusted.',
    profile: 'full',
    needs: { not: 'durability:memory' },
    hooks: ['raw'],
    budget: ({ recover, redeliver }) => 2 * recover + redeliver,
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const seen = await it.collect(broker, orders.subscription('billing'))
      await broker.publish(orders, { n: 1 })
      const raw = await it.raw()
      const [original] = await raw.read(orders.name)
      check(original !== undefined, 'a foreign client does not see what was published')
      for (const nonsense of ['NaN', '-1', '1e308', '', '\u0000']) {
        for (const name of Object.keys(original.headers)) {
          await raw.inject(orders.name, { body: original.body, headers: { ...original.headers, [name]: nonsense } })
        }
      }
      const { id } = await broker.publish(orders, { n: 2 })
      const within = it.timing.arrive + it.timing.recover
      await it.until(() => seen.acked.includes(id), { within, what: 'the message behind the nonsense to be acked' })
      for (const { attempt, losses, message } of seen.runs) {
        between(attempt, 1, 5, `the attempt of ${message.id}`)
        equal(losses, 0, `the losses of ${message.id}`)
      }
    },
  },
  {
    id: 'FRN-03',
    title: 'forged headers neither raise attempts nor change the topic',
    promise:
      'What somebody writes into the headers of a message does not decide how often it has failed, or where it belongs.',
    profile: 'full',
    guarantees: [4],
    needs: { not: 'durability:memory' },
    hooks: ['raw'],
    budget: ({ recover }) => 2 * recover,
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const billing = orders.subscription('billing')
      const seen = await it.collect(broker, billing)
      await broker.publish(orders, { n: 1 })
      const raw = await it.raw()
      const [original] = await raw.read(orders.name)
      check(original !== undefined, 'a foreign client does not see what was published')
      const forged = Object.fromEntries(['attempt', 'attempts', 'losses', 'marks', 'topic'].map(name => [name, '99']))
      await raw.inject(orders.name, { body: original.body, headers: { ...original.headers, ...forged } })
      const { id } = await broker.publish(orders, { n: 2 })
      const within = it.timing.arrive + it.timing.recover
      await it.until(() => seen.acked.includes(id), { within, what: 'the message behind the forged one to be acked' })
      equal([...new Set(seen.attempts)], [1], 'the attempts')
      equal([...new Set(seen.runs.map(({ message }) => message.topic))], [orders.name], 'the topics')
      equal(await all(broker.deadLetters(billing)), [], 'the dead letters')
    },
  },
  {
    id: 'FRN-05',
    title: 'a foreign client can read what we publish',
    promise: 'The body is the payload as it is, and the id stands in the headers.',
    profile: 'full',
    guarantees: [15],
    needs: { not: 'durability:memory' },
    hooks: ['raw'],
    async run(it) {
      const orders = it.topic()
      const { id } = await (await it.open()).publish(orders, { n: 7 }, { headers: { tenant: 'north' } })
      const [found, ...more] = await (await it.raw()).read(orders.name)
      equal(more.length, 0, 'how many more there are')
      check(found !== undefined, 'a foreign client does not see what was published')
      equal(JSON.parse(new TextDecoder().decode(found.body)), { n: 7 }, 'the body')
      const values = Object.values(found.headers)
      check(values.includes(id), `no header has the id ${id}: ${values.join(', ')}`)
      check(values.includes('north'), `no header has what the publisher gave: ${values.join(', ')}`)
    },
  },
)
