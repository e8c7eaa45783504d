import type { Subscription } from '@pluribus/core'
import { defineCases } from '../case/case.js'
import type { CaseContext } from '../case/context.js'
import { UNWOKEN } from '../case/core-limits.js'
import { check, equal, sameMembers } from '../case/expect.js'
import { randomBelow } from '../case/random.js'
import type { Sample } from '../case/sample.js'
import type { Actor } from '../child/actor.js'
import type { PublishResult } from '../history/event.js'

/** Death of a process, with processes of their own. */
export const CRS_CHILDREN = defineCases(
  {
    id: 'CRS-05',
    title: 'a process that is frozen for three leases finds its work taken over, and goes on',
    promise:
      'What a frozen process held is run elsewhere; when it wakes up, that no longer counts, and it consumes again.',
    profile: 'full',
    guarantees: [5, 11, 14],
    needs: ['competing:message', { not: 'durability:memory' }],
    hooks: ['children'],
    budget: ({ lease, recover, redeliver, close }) => 27 * lease + 3 * recover + redeliver + close,
    async run(it) {
      const { lease, redeliver, recover } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout: 20 * lease, grace: lease })
      const [id] = await it.publish(orders, 1)
      const child = await holding(it, billing, { count: 1, on: 1 })
      child.freeze()
      const broker = await it.open()
      const seen = await it.collect(broker, billing)
      await it.until(() => seen.acked.length === 1, {
        within: lease + redeliver + UNWOKEN,
        what: 'the work to be taken over',
      })
      equal(seen.acked, [id], 'what was taken over')
      await it.elapse(3 * lease)
      await seen.close()
      child.resume()
      const { id: later } = await broker.publish(orders, { n: 2 })
      // The handler that it held it in never ends, and keeps its slot until its grace is over.
      await it.until(() => child.acked.includes(later), {
        within: 21 * lease + recover + UNWOKEN,
        what: 'the child to consume again',
      })
      equal(child.acked, [later], 'what the child is told to have acked')
    },
  },
  {
    id: 'CRS-08',
    title: 'a process that was killed leaves nothing leased behind its lease',
    promise: 'When the lease of what a killed process held is over nothing is held any more: all of it waits.',
    profile: 'full',
    guarantees: [2],
    needs: ['counts:leased', 'counts:waiting', 'competing:message', { not: 'durability:memory' }],
    hooks: ['children'],
    budget: ({ lease, recover, redeliver }) => 2 * lease + recover + redeliver,
    async run(it) {
      const { lease, redeliver } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing')
      await it.publish(orders, 5)
      const child = await holding(it, billing, { count: 5, concurrency: 5 })
      await child.kill()
      await it.elapse(lease + redeliver)
      // A lease that has ended is noticed by whoever looks for work.
      const consumer = await it.consume(billing)
      const taken = await consumer.take(5, redeliver)
      equal(await consumer.release(...taken), [], 'exceptions of giving it all back')
      const { leased, waiting } = await (await it.open()).counts(billing)
      equal([leased, waiting], [0, 5], 'how many are leased, and how many wait')
    },
  },
  {
    id: 'CRS-09',
    title: 'a process that exits in mid-run is as dead as one that was killed',
    promise: 'What a process held that ends without closing anything is run elsewhere.',
    profile: 'full',
    guarantees: [2, 5],
    needs: { not: 'durability:memory' },
    hooks: ['children'],
    budget: ({ lease, recover, redeliver }) => lease + 2 * recover + redeliver + UNWOKEN,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const ids = await it.publish(orders, 5)
      const child = await holding(it, billing, { count: 5, concurrency: 5 })
      await child.exit(134)
      const seen = await it.collect(await it.open(), billing)
      const within = it.timing.lease + it.timing.redeliver + it.timing.recover + UNWOKEN
      await it.until(() => seen.acked.length === 5, { within, what: 'all five to be acked by another process' })
      sameMembers(seen.acked, ids, 'what the other process acked')
    },
  },
  {
    id: 'CRS-10',
    title: 'a process that is killed under load loses nothing, and has not failed',
    promise: 'SIGKILL with handlers running: all that was held is run elsewhere, on the same attempt.',
    profile: 'core',
    guarantees: [2, 5],
    needs: { not: 'durability:memory' },
    hooks: ['children'],
    budget: ({ lease, recover, redeliver }) => lease + 2 * recover + redeliver + UNWOKEN,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const ids = await it.publish(orders, 50)
      const child = await holding(it, billing, { count: 30, concurrency: 4, on: 20 })
      await child.kill()
      const seen = await it.collect(await it.open(), billing)
      const within = it.timing.lease + it.timing.redeliver + it.timing.recover + UNWOKEN
      const finished = () => new Set([...seen.acked, ...child.acked, ...child.runs.map(({ id }) => id)])
      await it.until(() => seen.acked.includes(ids[19] ?? '') && finished().size === 50, {
        within,
        what: 'all fifty to be run, and what was held to be acked',
      })
      equal([...new Set(seen.attempts)], [1], 'the attempts that were counted')
    },
  },
  {
    id: 'CRS-11',
    title: 'what a publisher was told before it was killed is there',
    promise: 'SIGKILL in mid-publish: every receipt that was printed is true.',
    profile: 'full',
    guarantees: [1],
    needs: { not: 'durability:memory' },
    hooks: ['children'],
    budget: ({ recover, arrive }) => 5 * (2 * recover + 3 * arrive),
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      await (await it.open()).declare(billing)
      const told: string[] = []
      for (let round = 1; round <= 3; round++) {
        const child = await it.child()
        const publishing = child.publish(orders, 1_000_000).then(
          () => 'ended',
          () => 'was cut short',
        )
        const enough = 5 + randomBelow(it, 50)
        await it.until(() => child.receipts.length >= enough, { within: it.timing.recover, what: 'some receipts' })
        await child.kill()
        equal(await publishing, 'was cut short', 'what became of publishing')
        told.push(...child.receipts.map(({ id }) => id))
      }
      check(told.length >= 15, `only ${told.length} receipts were told`)
      const seen = await it.collect(await it.open(), billing, () => undefined, { concurrency: 64 })
      const within = it.timing.recover + 3 * it.timing.arrive
      await it.until(() => told.every(id => seen.acked.includes(id)), { within, what: 'all that was told to be acked' })
    },
  },
  {
    id: 'CRS-12',
    title: 'a process that shares a broker is killed while others publish and consume',
    promise:
      'The others go on: what they publish is stored, or its outcome unknown, and all that is stored is handled by those who are left.',
    profile: 'full',
    guarantees: [1, 2, 14],
    needs: ['competing:message', { not: 'durability:memory' }],
    hooks: ['children'],
    budget: ({ arrive, lease, recover, redeliver }) => 2 * (arrive + lease + recover + redeliver) + UNWOKEN,
    async run(it) {
      const { arrive, lease, redeliver, recover } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const work = { does: 'work', takes: it.timing.quiet / 10, fails: 2 ** 20 } as const
      // Whoever comes first may have a part that the others depend on.
      const killed = await it.child()
      const left = [await it.child(), await it.child()]
      // Slowly, so that it has messages that it has not begun, whenever it dies.
      await killed.subscribe(billing, { ...work, takes: 2 * it.timing.quiet }, { concurrency: 4, prefetch: 8 })
      for (const child of left) await child.subscribe(billing, work, { concurrency: 4, prefetch: 8 })
      for (const child of left) await child.load(orders, { rate: 100, keys: 0, ids: child.process })
      await it.until(() => killed.acked.length >= 20, { within: recover + arrive, what: 'twenty of its acks' })
      const stored = () => left.map(child => receiptsOf(it, child, 'stored'))
      const storedBefore = stored().map(({ length }) => length)
      const ackedBefore = left.map(child => child.acked.length)
      await killed.kill()
      const isGoingOn = () => left.every(({ acked }, index) => acked.length > (ackedBefore[index] ?? 0) + 50)
      const within = lease + redeliver + recover + UNWOKEN
      await it.until(isGoingOn, { within, what: 'fifty more acks of each of the others' })
      for (const child of left) await child.rest()
      const refused = left.flatMap(child => receiptsOf(it, child, 'definite'))
      equal(refused.length, 0, 'how many publishes of the others were told to have failed')
      const storedSince = stored().map(({ length }, index) => length - (storedBefore[index] ?? 0))
      check(Math.min(...storedSince) > 0, `of the others, one has published nothing since: ${storedSince.join(', ')}`)
      const ids = stored().flat()
      // What ran in the one that was killed may be acked without its having been told.
      const all = [killed, ...left]
      const isRun = () => {
        // Asked first: it is asked after every event.
        if (all.reduce((sum, child) => sum + child.runs.length, 0) < ids.length) return false
        const ran = new Set(all.flatMap(child => child.runs.map(({ id }) => id)))
        return ids.every(id => ran.has(id))
      }
      await it.until(isRun, { within: lease + redeliver + arrive, what: `all ${ids.length} messages to be run` })
    },
  },
)

/** The ids of what the callers of a process's publishes were told this of; '' where they gave none and got none. */
const receiptsOf = (it: CaseContext, { process }: Actor, result: PublishResult): readonly string[] =>
  it.history.whole.flatMap(event =>
    event.process === process && event.kind === 'receipt' && event.result === result ? [event.id ?? ''] : [],
  )

/** A process of its own that has begun `count` runs, of which those that it holds (`on`: that one alone) go on. */
async function holding(
  it: CaseContext,
  billing: Subscription<Sample>,
  { count, on, concurrency = 1 }: { readonly count: number; readonly on?: number; readonly concurrency?: number },
): Promise<Actor> {
  const child = await it.child()
  await child.subscribe(billing, { does: 'hold', ...(on === undefined ? {} : { on }) }, { concurrency })
  const within = it.timing.recover
  await it.until(() => child.runs.length >= count, { within, what: `the child to begin ${count}` })
  return child
}
