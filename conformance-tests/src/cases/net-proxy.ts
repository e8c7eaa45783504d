import { bytes, isPluribusError } from '@pluribus/core'
import { defineCases } from '../case/case.js'
import type { CaseContext } from '../case/context.js'
import { UNANSWERED, UNWOKEN } from '../case/core-limits.js'
import { check, equal } from '../case/expect.js'
import { publishedAgain } from '../case/published-again.js'

/** Loss of the connection, through a proxy that spoils what passes. */
export const NET_PROXY = defineCases(
  {
    id: 'NET-04',
    title: 'wherever the link is cut, nothing claims to have happened that has not',
    promise:
      'A cut after any number of bytes, of the handshake or of a publish, is an error of ours or a success that is true.',
    profile: 'full',
    guarantees: [1, 14],
    needs: { not: 'durability:memory' },
    hooks: ['proxy'],
    budget: ({ delay, close, arrive }) => 60 * (4 * delay + arrive) + close,
    async run(it) {
      const orders = it.topic()
      const seen: string[] = []
      for (let cut = 1; cut <= it.size(60); cut++) {
        it.link.cutAfter(Math.floor(1.15 ** cut), cut % 2 === 0 ? 'up' : 'down')
        try {
          const { delay } = it.timing
          const broker = await it.open({ connectTimeout: 2 * delay, publishTimeout: 2 * delay })
          seen.push((await broker.publish(orders, { n: cut })).id)
        } catch (error) {
          check(isPluribusError(error), `a cut after ${Math.floor(1.15 ** cut)} bytes has thrown ${String(error)}`)
        }
        await it.link.restore()
      }
      const collector = await it.collect(await it.open(), orders.subscription('billing'))
      await it.until(() => seen.every(id => collector.acked.includes(id)), {
        within: it.timing.recover,
        what: `the ${seen.length} that were told to be stored to come`,
      })
    },
  },
  {
    id: 'NET-06',
    title: 'a large message on a thin link arrives, or fails cleanly, and keeps nobody else',
    promise:
      'At ten kilobytes a second a large publish resolves or fails as an error of ours; afterwards all is as before.',
    profile: 'full',
    guarantees: [1, 14],
    needs: { not: 'durability:memory' },
    hooks: ['proxy'],
    budget: ({ recover }) => 2 * UNANSWERED + 3 * recover,
    async run(it) {
      const blobs = it.topic({ codec: bytes })
      const broker = await it.open()
      const seen = await it.collect(broker, blobs.subscription('billing'))
      const size = Math.min(it.capabilities.limits.payload, 262_144)
      it.link.throttle(10_240)
      await broker.publish(blobs, new Uint8Array(size)).catch(error => {
        check(isPluribusError(error), `a publish on a thin link has failed with ${String(error)}`)
        check(error.outcome !== undefined, `a publish on a thin link has failed without an outcome: ${error.message}`)
      })
      await it.link.restore()
      const { id } = await publishedAgain(() => broker.publish(blobs, new Uint8Array(1)))
      const within = UNANSWERED + it.timing.recover
      await it.until(() => seen.acked.includes(id), { within, what: 'the next message to be acked' })
    },
  },
  {
    id: 'NET-13',
    title: 'when every socket is reset, everything goes on',
    promise: 'Resets are noticed at once; connections are replaced, and consuming resumes.',
    profile: 'core',
    guarantees: [14],
    needs: { not: 'durability:memory' },
    hooks: ['proxy'],
    budget: ({ recover }) => 2 * recover,
    run: it => spoiled(it, link => void link.cut()),
  },
  {
    id: 'NET-14',
    title: 'when bytes stop passing and nobody is told, everything goes on',
    promise: 'A half-open connection is given up; when bytes pass again consuming resumes.',
    profile: 'core',
    guarantees: [14],
    needs: { not: 'durability:memory' },
    hooks: ['proxy'],
    budget: ({ recover }) => 2 * (UNANSWERED + UNWOKEN + recover),
    run: it => spoiled(it, link => link.blackhole()),
  },
  {
    id: 'NET-15',
    title: 'when the broker hears everything and its answers are lost, everything goes on',
    promise: 'Lost answers are noticed like a link that is broken; nothing is lost by them.',
    profile: 'full',
    guarantees: [2, 14],
    needs: { not: 'durability:memory' },
    hooks: ['proxy'],
    budget: ({ recover, lease }) => 2 * (UNANSWERED + UNWOKEN + recover + lease),
    run: it => spoiled(it, link => link.dropReplies()),
  },
  {
    id: 'NET-16',
    title: 'on a link that takes its time nothing breaks',
    promise: 'Latency of every packet neither reorders nor doubles anything.',
    profile: 'full',
    guarantees: [8],
    needs: { not: 'durability:memory' },
    hooks: ['proxy'],
    budget: ({ delay, arrive }) => 60 * delay + 3 * arrive,
    async run(it) {
      const orders = it.topic()
      it.link.delay(it.timing.delay / 4)
      const seen = await it.collect(await it.open(), orders.subscription('billing'))
      const ids = await it.publish(orders, 10)
      const within = 30 * it.timing.delay + 3 * it.timing.arrive
      await it.until(() => seen.acked.length === 10, { within, what: 'all ten to be acked' })
      equal(seen.ids, ids, 'what came')
    },
  },
  {
    id: 'NET-18',
    title: 'a history that is read over a bad link is whole, or fails',
    promise:
      'Whatever the link does while stored messages are read, the list is complete or ends with an error of ours: it is never cut short without a word.',
    profile: 'full',
    guarantees: [14],
    needs: ['history:stored', { not: 'durability:memory' }],
    hooks: ['proxy'],
    budget: ({ arrive, recover }) => BAD_LINKS.length * (6 * UNANSWERED + recover) + 3 * arrive,
    async run(it) {
      const orders = it.topic()
      const ids = await it.publish(orders, it.size(600))
      for (const { how, from, spoil } of BAD_LINKS) {
        const broker = await it.open()
        const read: string[] = []
        let error: unknown
        try {
          if (from === 0) spoil(it.link)
          for await (const { id } of broker.history(orders)) if (read.push(id) === from) spoil(it.link)
        } catch (thrown) {
          error = thrown
        }
        await it.link.restore()
        if (error === undefined) equal(read, ids, `what was read over a link that ${how}`)
        else check(isPluribusError(error), `reading over a link that ${how} has failed with ${String(error)}`)
        await broker.close()
      }
    },
  },
)

/**
 * What a link may do while somebody reads, from so many messages on: its answers take longer than an adapter may think, or there are none.
 */
const BAD_LINKS: readonly { how: string; from: 0 | 1; spoil(link: CaseContext['link']): void }[] = [
  { how: 'is slow from the start', from: 0, spoil: link => link.delay(UNANSWERED / 10) },
  { how: 'becomes slow', from: 1, spoil: link => link.delay(UNANSWERED / 10) },
  { how: 'becomes very slow', from: 1, spoil: link => link.delay(UNANSWERED / 4) },
  { how: 'is frozen', from: 1, spoil: link => link.blackhole() },
  { how: 'is cut', from: 1, spoil: link => void link.cut() },
]

/** Spoils the link under a consumer until that has been noticed, then restores it: what is published then comes. */
async function spoiled(it: CaseContext, spoil: (link: CaseContext['link']) => void): Promise<void> {
  const orders = it.topic()
  const broker = await it.open()
  let downs = 0
  broker.on('connection.down', () => void downs++)
  const seen = await it.collect(broker, orders.subscription('billing'))
  const { id: first } = await broker.publish(orders, { n: 1 })
  await it.until(() => seen.acked.includes(first), { what: 'the first message to be acked' })
  check(it.link.connections > 0, 'no connection goes through the proxy')
  spoil(it.link)
  const noticed = UNANSWERED + UNWOKEN + it.timing.arrive
  await it.until(() => downs > 0, { within: noticed, what: 'the broken link to be noticed' })
  await it.link.restore()
  const { id } = await publishedAgain(() => broker.publish(orders, { n: 2 }))
  const within = UNANSWERED + it.timing.recover
  await it.until(() => seen.acked.includes(id), {
    within,
    what: 'the message that was published afterwards to be acked',
  })
}
