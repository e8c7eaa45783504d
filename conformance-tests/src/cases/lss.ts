import {
  DEAD_REASONS,
  type Discipline,
  fifo,
  lifo,
  priority,
  type SubscribeOptions,
  type Subscription,
} from '@pluribus/core'
import { CRASHED_AFTER, SUSPECT_AFTER } from '@pluribus/core/driver'
import { all } from '../case/all.js'
import { never } from '../case/behaviour.js'
import { die } from '../case/broken-link.js'
import { defineCases } from '../case/case.js'
import type { Collector } from '../case/collector.js'
import type { CaseContext } from '../case/context.js'
import { UNWOKEN } from '../case/core-limits.js'
import { equal, sameMembers } from '../case/expect.js'
import { needsDeath } from '../case/leases.js'
import type { Sample } from '../case/sample.js'
import { Succession } from '../case/succession.js'
import { untilAcked } from '../case/until-acked.js'
import type { Timing } from '../target/timing.js'

/** As many processes as two killers take, and one more. */
const succeeding = ({ lease, redeliver, arrive, recover, close }: Timing) =>
  12 * (lease + redeliver + 4 * arrive + recover + close)

const PROMISE =
  'A message that ends the process that runs it is dead-lettered as CRASHED, after two losses and three more while it was marked; nothing that was fetched with it dies.'

/** Losses, suspects and marks. */
export const LSS = defineCases(
  {
    id: 'LSS-01',
    title: 'of 256 that are fetched together, the two that end their process die, first in first out',
    promise: PROMISE,
    profile: 'core',
    guarantees: [2, 5, 6],
    needs: ['losses:marked', { any: ['fifo:exact', 'fifo:windowed'] }],
    proves: ['losses:marked'],
    budget: succeeding,
    run: it => killersDie(it, fifo(), { prefetch: it.size(256) - 1 }),
  },
  {
    id: 'LSS-02',
    title: 'of 256 that are fetched together, the two that end their process die, last in first out',
    promise: PROMISE,
    profile: 'full',
    guarantees: [5],
    needs: ['losses:marked', 'lifo:exact'],
    proves: ['losses:marked'],
    budget: succeeding,
    run: it => killersDie(it, lifo(), { concurrency: it.size(256) }),
  },
  {
    id: 'LSS-03',
    title: 'of 256 that are fetched together, the two that end their process die, by priority',
    promise: PROMISE,
    profile: 'full',
    guarantees: [5],
    needs: ['losses:marked', 'priority:exact'],
    proves: ['losses:marked'],
    budget: succeeding,
    run: it =>
      killersDie(it, priority({ levels: Math.min(10, it.capabilities.priorityLevels) }), { concurrency: it.size(256) }),
  },
  {
    id: 'LSS-04',
    title: 'twenty graceful restarts over a backlog lose nothing',
    promise: 'What a closing process gives back has neither failed nor been lost: no attempt, no loss, no death.',
    profile: 'core',
    guarantees: [5, 13],
    budget: ({ arrive, close, recover }) => 20 * (arrive + close) + recover,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const count = it.size(256)
      await it.publish(orders, count)
      const seen = await restarts(it, billing, it.size(20))
      const last = await it.collect(await it.open(), billing, () => undefined, { concurrency: 16 })
      const acked = () => new Set([...seen, last].flatMap(collector => collector.acked)).size
      const within = it.timing.recover + 3 * it.timing.arrive
      await it.until(() => acked() === count, { within, what: `${count} messages to be acked` })
      await it.until(() => seen.every(({ running }) => running === 0), { what: 'every handler to end' })
      const runs = [...seen, last].flatMap(collector => collector.runs)
      equal([...new Set(runs.map(({ losses }) => losses))], [0], 'the losses that were counted')
      equal([...new Set(runs.map(({ attempt }) => attempt))], [1], 'the attempts that were counted')
      equal(
        [...seen, last].flatMap(({ dead }) => dead),
        [],
        'the dead',
      )
    },
  },
  {
    id: 'LSS-05',
    title: 'a suspect is marked before it runs, and runs alone',
    promise: 'What has been lost twice is run after the broker has stored that, and with nothing beside it.',
    profile: 'full',
    guarantees: [5],
    needs: ['losses:marked', 'fifo:exact'],
    proves: ['losses:marked'],
    budget: ({ lease, redeliver, close }) => 4 * (lease + redeliver) + 2 * (close + UNWOKEN),
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout: 2 * it.timing.lease })
      const [id = ''] = await it.publish(orders, 1)
      for (let loss = 1; loss <= SUSPECT_AFTER; loss++) {
        const [broker, adapter] = await it.openBreakable()
        const victim = await it.collect(broker, billing, () => never, { prefetch: 0 })
        needsDeath(it)
        const within = it.timing.lease + it.timing.redeliver + UNWOKEN
        await it.until(() => victim.running === 1, { within, what: `process ${loss} to run the message` })
        await die(it, broker, adapter)
      }
      await it.elapse(it.timing.lease + it.timing.redeliver)
      await it.publish(orders, 9)
      const gate = it.gate()
      const seen = await it.collect(
        await it.open(),
        billing,
        message => (message.id === id ? gate.pass() : undefined),
        {
          concurrency: 8,
        },
      )
      await it.until(() => gate.arrived === 1, { within: it.timing.redeliver, what: 'the suspect to run' })
      equal(marksOf(it, id), 1, 'how often it had been marked when it ran')
      await it.elapse(it.timing.quiet)
      equal(seen.runs.length, 1, 'what runs while a suspect does')
      gate.open()
      await untilAcked(it, 10, seen)
    },
  },
)

async function killersDie(it: CaseContext, discipline: Discipline, options: SubscribeOptions): Promise<void> {
  const orders = it.topic()
  const count = it.size(256)
  const billing = orders.subscription('billing', { discipline })
  const levels = discipline.kind === 'priority' ? discipline.levels : 1
  const ids = await it.publish(orders, count, n => (levels > 1 ? { priority: n % levels } : {}))
  const killers = [137, 200].map(n => ids[Math.ceil((count * n) / 256) - 1] ?? '')
  const most = 2 * (SUSPECT_AFTER + CRASHED_AFTER)
  const work = new Succession(it, { subscription: billing, ids, killers, most, options })
  await work.run()
  const dead = await all((await it.open()).deadLetters(billing))
  sameMembers(
    dead.map(({ message }) => message.id),
    killers,
    'the dead',
  )
  const enough = SUSPECT_AFTER + CRASHED_AFTER
  for (const { reason, losses, message } of dead) {
    const { n } = message.data
    // A broker that hands out by itself counts what nobody has seen, too: never too few, and marks are exact.
    const counted = it.capabilities.fencing === 'local' ? Math.min(losses, enough) : losses
    equal([reason, counted], [DEAD_REASONS.CRASHED, enough], `reason and losses of message ${n}`)
    equal(marksOf(it, message.id), CRASHED_AFTER, `how often message ${n} was marked`)
  }
  const acked = new Set(work.collectors.flatMap(collector => collector.acked))
  const others = ids.filter(id => !killers.includes(id))
  equal(
    others.filter(id => !acked.has(id) && !work.inDoubt.has(id)),
    [],
    'what else was not acked',
  )
}

/** How often a message has been marked so far. */
function marksOf(it: CaseContext, id: string): number {
  const deliveries = new Set(
    it.history.events.map(event => (event.kind === 'deliver' && event.id === id ? event.delivery : undefined)),
  )
  return it.history.events.filter(event => event.kind === 'mark' && deliveries.has(event.delivery)).length
}

/** Processes that each begin a few runs, close, and are followed by the next one. */
async function restarts(it: CaseContext, billing: Subscription<Sample>, times: number): Promise<readonly Collector[]> {
  const seen: Collector[] = []
  for (let restart = 1; restart <= times; restart++) {
    const broker = await it.open()
    const works = () => it.elapse(it.timing.delay / 10)
    const collector = await it.collect(broker, billing, works, { concurrency: 4 })
    await it.until(() => collector.runs.length >= 4, {
      within: it.timing.arrive + it.timing.recover,
      what: `the process ${restart} to begin its work`,
    })
    await broker.close(restart % 2 === 0 ? { drain: 0 } : {})
    seen.push(collector)
  }
  return seen
}
