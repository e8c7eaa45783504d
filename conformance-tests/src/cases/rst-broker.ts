import type { Broker } from '@pluribus/core'
import { failOnce } from '../case/behaviour.js'
import { defineCases } from '../case/case.js'
import type { CaseContext } from '../case/context.js'
import { UNANSWERED, UNWOKEN } from '../case/core-limits.js'
import { check, equal, sameMembers } from '../case/expect.js'
import { persistently } from '../case/persistently.js'
import { untilAcked } from '../case/until-acked.js'
import type { Expression } from '../claims/expression.js'

/** What is stored outlives the broker's process. */
const DURABLE: Expression = { any: ['durability:disk', 'durability:replicated'] }

/** Outages of the broker, with a broker process of its own. */
export const RST_BROKER = defineCases(
  {
    id: 'RST-01',
    title: 'a restart is survived without anybody doing anything',
    promise: 'After the broker was restarted an idle publisher and an idle consumer work as before.',
    profile: 'core',
    guarantees: [14],
    needs: { not: 'durability:memory' },
    hooks: ['broker'],
    budget: ({ recover }) => 3 * (recover + UNANSWERED) + UNWOKEN,
    async run(it) {
      const work = await atWork(it)
      await it.broker.stop()
      await it.broker.start()
      await work.goesOn()
    },
  },
  {
    id: 'RST-02',
    title: 'restarts in the middle of thousands of messages lose none that was stored',
    promise: 'No message whose publish has resolved is lost by a restart of the broker.',
    profile: 'full',
    guarantees: [1, 2],
    needs: DURABLE,
    hooks: ['broker'],
    budget: ({ recover, lease }) => 10 * (recover + UNANSWERED) + 2 * lease,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const count = it.size(2_000)
      const seen = await it.collect(await it.open(), billing, () => undefined, { concurrency: 16 })
      const ids: string[] = []
      const publishers = [1, 2, 3, 4].map(async publisher => {
        const broker = await it.open({ publishTimeout: it.timing.recover + UNANSWERED })
        for (let n = 1; n <= count / 4; n++) {
          const id = `${publisher}-${n}`
          await persistently(it, () => broker.publish(orders, { n }, { id }))
          ids.push(id)
        }
      })
      for (const part of [1 / 3, 1 / 2]) {
        const within = 2 * (it.timing.recover + UNANSWERED)
        await it.until(() => ids.length >= part * count, { within, what: `${Math.floor(part * count)} to be stored` })
        await it.broker.kill()
        await it.broker.start()
      }
      await Promise.all(publishers)
      const within = it.timing.lease + 2 * it.timing.recover + UNANSWERED + UNWOKEN
      // An ack that was under way when the broker died may be stored all the same.
      await it.until(() => new Set(seen.ids).size === ids.length, { within, what: 'all to be run' })
      sameMembers([...new Set(seen.ids)], ids, 'what was run')
    },
  },
  {
    id: 'RST-03',
    title: 'an outage longer than every patience ends, and everything goes on',
    promise: 'However long the broker is down, publishing and consuming resume by themselves when it is back.',
    profile: 'full',
    guarantees: [14],
    needs: { not: 'durability:memory' },
    hooks: ['broker'],
    budget: ({ recover }) => 3 * (recover + UNANSWERED) + 2 * UNWOKEN,
    async run(it) {
      const work = await atWork(it)
      await it.broker.kill()
      await it.elapse(UNANSWERED + UNWOKEN)
      await it.broker.start()
      await work.goesOn()
    },
  },
  {
    id: 'RST-04',
    title: 'publishes during an outage wait or fail, and none that was told to be stored is lost',
    promise:
      'While the broker is down a publish waits for it as long as publishTimeout, or fails as definite or unknown.',
    profile: 'full',
    guarantees: [1, 14],
    needs: { not: 'durability:memory' },
    hooks: ['broker'],
    budget: ({ recover, delay }) => 3 * (recover + UNANSWERED) + 4 * delay,
    async run(it) {
      const orders = it.topic()
      const seen = await it.collect(await it.open(), orders.subscription('billing'))
      const [hasty, patient] = [
        await it.open({ publishTimeout: it.timing.delay }),
        await it.open({ publishTimeout: 2 * (it.timing.recover + UNANSWERED) }),
      ]
      for (const broker of [hasty, patient]) await broker.publish(orders, { n: 1 })
      await untilAcked(it, 2, seen)
      let unconnected = 0
      for (const broker of [hasty, patient]) broker.on('connection.down', () => void unconnected++)
      await it.broker.stop()
      // What is sent before the outage is noticed is in doubt: this is about what is not sent.
      await it.until(() => unconnected === 2, { within: it.timing.recover, what: 'both to notice the outage' })
      const waiting = patient.publish(orders, { n: 3 })
      const error = await it.rejects('UNAVAILABLE', () => hasty.publish(orders, { n: 2 }))
      equal(error.outcome, 'definite', 'the outcome of a publish that was never sent')
      await it.broker.start()
      const { id } = await waiting
      const within = it.timing.recover + UNANSWERED + UNWOKEN
      await it.until(() => seen.acked.includes(id), { within, what: 'the publish that has waited to be acked' })
    },
  },
  {
    id: 'RST-05',
    title: 'a broker that has lost everything is furnished again',
    promise:
      'After the store was wiped topics and subscriptions are declared again, and everything goes on, without a hot loop.',
    profile: 'full',
    guarantees: [14],
    needs: { not: 'durability:memory' },
    hooks: ['broker'],
    budget: ({ recover }) => 3 * (recover + UNANSWERED) + UNWOKEN,
    async run(it) {
      const work = await atWork(it)
      let failures = 0
      work.broker.on('connection.failed', () => void failures++)
      work.broker.on('consumer.down', () => void failures++)
      await it.broker.stop()
      const { broker } = it
      if (broker.wipe === undefined) return it.blocked('what the broker has stored cannot be deleted (broker.wipe)')
      await broker.wipe()
      await it.broker.start()
      await work.goesOn()
      check(failures < 100, `it took ${failures} failures until everything went on`)
    },
  },
  {
    id: 'RST-07',
    title: 'a broker that stands still for a while is waited for, or left',
    promise:
      'When a broker freezes and goes on, operations time out or succeed, and nothing comes twice that was not under way.',
    profile: 'full',
    guarantees: [1, 14],
    needs: { not: 'durability:memory' },
    hooks: ['broker'],
    budget: ({ recover }) => 4 * (recover + UNANSWERED) + UNWOKEN,
    async run(it) {
      const work = await atWork(it)
      await it.broker.freeze()
      const publishing = work.broker.publish(work.topic, { n: 2 }).then(
        () => 'stored',
        (error: { readonly outcome?: string }) => error.outcome,
      )
      await it.elapse(UNANSWERED / 2)
      await it.broker.resume()
      check((await publishing) !== undefined, 'a publish to a frozen broker has failed without an outcome')
      await work.goesOn()
    },
  },
  {
    id: 'RST-08',
    title: 'what waits for its time outlives a restart: once, and not too soon',
    promise: 'Retries and delayed messages are kept by the broker, with their times.',
    profile: 'full',
    guarantees: [2, 8],
    needs: [DURABLE, { not: 'delay:none' }],
    hooks: ['broker'],
    budget: ({ recover, lease, delay, redeliver }) => 3 * (recover + UNANSWERED) + lease + 20 * delay + redeliver,
    async run(it) {
      const { lease, redeliver, recover } = it.timing
      const delay = 10 * it.timing.delay
      const orders = it.topic()
      const billing = orders.subscription('billing', { retry: { attempts: 2, delays: [delay] } })
      const seen = await it.collect(
        await it.open(),
        billing,
        failOnce(({ data: { n } }) => n <= 10),
      )
      const published = it.clock.monotonic()
      await it.publish(orders, 20, n => (n > 10 ? { delay } : {}))
      await it.until(() => seen.runs.length === 10, { what: 'ten runs that fail' })
      await it.broker.kill()
      await it.broker.start()
      const within = delay + redeliver + recover + lease + UNANSWERED + UNWOKEN
      await it.until(() => new Set(seen.acked).size === 20, { within, what: 'all twenty to be acked' })
      const soon = seen.runs.slice(10).filter(({ startedAt, attempt, message }) => {
        const isSecond = attempt === 2 || (message.data as { readonly n: number }).n > 10
        return isSecond && startedAt < published + delay
      })
      check(soon.length === 0, `${soon.length} came before their time`)
    },
  },
  {
    id: 'RST-09',
    title: 'what was told to be stored is there after the broker was killed',
    promise: 'A thousand publishes that have resolved survive a SIGKILL of the broker right afterwards.',
    profile: 'core',
    guarantees: [1],
    needs: DURABLE,
    proves: ['durability:disk', 'durability:replicated'],
    hooks: ['broker'],
    budget: ({ recover }) => 3 * (recover + UNANSWERED),
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      await (await it.open()).declare(billing)
      const ids = await it.publish(orders, it.size(1_000))
      await it.broker.kill()
      await it.broker.start()
      const seen = await it.collect(await it.open(), billing, () => undefined, { concurrency: 16 })
      const within = it.timing.recover + 3 * it.timing.arrive
      await it.until(() => seen.acked.length >= ids.length, { within, what: `all ${ids.length} to be acked` })
      sameMembers([...new Set(seen.acked)], ids, 'what was acked')
    },
  },
  {
    id: 'RST-10',
    title: 'ten restarts under load end in a subscription that is drained',
    promise: 'After every restart work goes on; at the end nothing that was stored is missing.',
    profile: 'full',
    guarantees: [1, 2, 14],
    needs: DURABLE,
    hooks: ['broker'],
    budget: ({ recover, lease }) => 12 * (recover + 2 * UNANSWERED) + lease,
    async run(it) {
      const orders = it.topic()
      const seen = await it.collect(await it.open(), orders.subscription('billing'), () => undefined, {
        concurrency: 8,
      })
      const broker = await it.open({ publishTimeout: 2 * (it.timing.recover + UNANSWERED) })
      const ids: string[] = []
      for (let restart = 1; restart <= 10; restart++) {
        const publishing = Array.from({ length: 20 }, (_, n) => {
          const id = `${restart}-${n}`
          return persistently(it, () => broker.publish(orders, { n }, { id })).then(() => void ids.push(id))
        })
        await it.broker.kill()
        await it.broker.start()
        await Promise.all(publishing)
      }
      const within = it.timing.lease + it.timing.recover + UNANSWERED + UNWOKEN
      await it.until(() => new Set(seen.ids).size === ids.length, { within, what: 'all two hundred to be run' })
    },
  },
)

/** A publisher and a consumer that have worked, and are idle now. */
async function atWork(it: CaseContext) {
  const topic = it.topic()
  const consuming = await it.open()
  const broker: Broker = await it.open({ publishTimeout: it.timing.recover + UNANSWERED })
  const seen = await it.collect(consuming, topic.subscription('billing'))
  const { id } = await broker.publish(topic, { n: 1 })
  await it.until(() => seen.acked.includes(id), { what: 'the first message to be acked' })
  const goesOn = async () => {
    const after = await persistently(it, () => broker.publish(topic, { n: 3 }))
    const within = it.timing.recover + 2 * UNANSWERED + UNWOKEN
    await it.until(() => seen.acked.includes(after.id), {
      within,
      what: 'a message that is published afterwards to be acked',
    })
    equal(seen.handle.state, 'consuming', 'the state of the consumer')
  }
  return { topic, broker, goesOn }
}
