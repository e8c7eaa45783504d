import { isPluribusError, type PublishReport } from '@pluribus/core'
import type { UnreliableAdapter } from '@pluribus/core/testing'
import { defineCases } from '../case/case.js'
import type { Collector } from '../case/collector.js'
import type { CaseContext } from '../case/context.js'
import { oneOf, randomBelow } from '../case/random.js'
import { HIS_MORE } from './his-more.js'

/** Processes that compete, and how many messages each round publishes. */
const CONSUMERS = 3
const BATCH = 10
const KEYS = 5

/** A consumer that can be broken, and what it has handled. */
interface Victim {
  readonly link: UnreliableAdapter
  readonly seen: Collector
}

/** Workloads under random faults: what is judged is the history. */
export const HIS = defineCases(
  {
    id: 'HIS-12',
    title: 'cuts and deaths under load: nothing is lost, invented, altered, or handed out without cause',
    promise:
      'While consumers fail, are cut off and die at random, every message is handled or dead in the end, and the history of it all is clean.',
    profile: 'full',
    budget: t => 40 * t.delay + 10 * (t.lease + t.recover + t.redeliver),
    run: it => workload(it, async () => {}),
  },
  {
    id: 'HIS-14',
    title: 'restarts of the broker under load: nothing is lost, invented, altered, or handed out without cause',
    promise:
      'While the broker is killed and started again under consumers that fail and are cut off, every message that was stored is handled or dead in the end.',
    profile: 'full',
    needs: { not: { any: ['durability:memory', 'durability:process'] } },
    proves: ['durability:disk', 'durability:replicated'],
    hooks: ['broker'],
    budget: t => 40 * t.delay + 20 * (t.lease + t.recover + t.redeliver),
    run: it =>
      workload(it, async () => {
        await it.broker.kill()
        await it.elapse(it.random() * it.timing.delay)
        await it.broker.start()
      }),
  },
  ...HIS_MORE,
)

/** Publishes in rounds to consumers that fail, are cut off and die; now and then, `strike`. Ends when all is handled. */
async function workload(it: CaseContext, strike: () => Promise<void>): Promise<void> {
  const { timing } = it
  const orders = it.topic()
  const delays = [timing.delay]
  const billing = orders.subscription('billing', { retry: { attempts: 5, delays }, timeout: 4 * timing.timeout })
  const handle = async () => {
    if (it.random() < 0.2) await it.elapse((it.random() * timing.delay) / 4)
    if (it.random() < 0.1) throw new Error('at random')
  }
  const victims: Victim[] = []
  for (let n = 0; n < CONSUMERS; n++) {
    const [broker, link] = await it.openBreakable()
    victims.push({ link, seen: await it.collect(broker, billing, handle, { concurrency: 4 }) })
  }
  const publisher = await it.open({ publishTimeout: timing.recover })
  const ids: string[] = []
  for (let round = 0; round < it.size(200) / BATCH; round++) {
    const items = Array.from({ length: BATCH }, (_, n) => {
      // Supplied ids: what is in doubt may be published again without being two messages, where that is offered.
      const key = it.capabilities.keys === 'none' || it.random() < 0.5 ? undefined : `k${randomBelow(it, KEYS)}`
      return { data: { n: round * BATCH + n }, key, id: `r${round}-${n}` }
    })
    ids.push(...(await stored(publisher.publishMany(orders, items))))
    await disturb(it, victims, strike)
    await it.elapse((it.random() * timing.delay) / 2)
  }
  const done = () => new Set(victims.flatMap(({ seen }) => [...seen.acked, ...seen.dead]))
  const within = 4 * (timing.lease + timing.recover + timing.redeliver)
  // What was acked by somebody whose answer was lost is not in the lists: the audit knows better than they do.
  await it.until(() => done().size >= ids.length / 2, { within, what: 'half of the messages to be handled' })
  await it.elapse(timing.lease + timing.redeliver)
}

/** The ids that are stored for sure; those in doubt are for the history to judge. */
async function stored(publishing: Promise<PublishReport>): Promise<readonly string[]> {
  const report = await publishing.catch((error: unknown) => {
    // An outage may last longer than a publish waits: that is told, and no failure of the adapter.
    if (isPluribusError(error) && error.outcome !== undefined) return error.report
    throw error
  })
  return report?.receipts.flatMap(receipt => receipt?.id ?? []) ?? []
}

/** Only the first one may die: the others survive everything. */
async function disturb(it: CaseContext, victims: readonly Victim[], strike: () => Promise<void>): Promise<void> {
  const dice = it.random()
  const victim = oneOf(it, victims)
  if (dice < 0.25) victim?.link.cut()
  else if (dice < 0.3) victims[0]?.link.kill()
  else if (dice > 0.9) await strike()
  // What a cut has left open inside is dropped, as the other end of a broken link is sooner or later.
  if (it.random() < 0.5) await victim?.link.dispose()
}
