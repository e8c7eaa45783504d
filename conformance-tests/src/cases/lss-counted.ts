import { DEAD_REASONS } from '@pluribus/core'
import { SUSPECT_AFTER } from '@pluribus/core/driver'
import { all } from '../case/all.js'
import { cutLink } from '../case/broken-link.js'
import { defineCases } from '../case/case.js'
import type { CaseContext } from '../case/context.js'
import { UNWOKEN } from '../case/core-limits.js'
import { equal } from '../case/expect.js'
import { hasLeases } from '../case/leases.js'
import { lose } from '../case/lose.js'
import { Succession } from '../case/succession.js'

/** Losses, suspects and marks: how they are counted. */
export const LSS_COUNTED = defineCases(
  {
    id: 'LSS-06',
    title: 'each loss is counted, and only that of a marked delivery as a mark',
    promise:
      'A delivery says how often its message has vanished, and how often while it was marked; from two losses it is a suspect.',
    profile: 'full',
    guarantees: [5],
    needs: ['losses:marked', 'competing:message'],
    proves: ['losses:marked'],
    budget: ({ lease, redeliver }) => 5 * (lease + redeliver),
    async run(it) {
      const { billing, lost: unmarked, within } = await lost(it, 3)
      const marking = await it.consume(billing)
      const marked = await marking.next(within)
      await marking.source.mark(marked)
      const last = await (await it.consume(billing)).next(within)
      const counted = [...unmarked, marked, last].map(({ losses, marks, suspect }) => [losses, marks, suspect])
      const expected = [0, 1, 2, 3, 4].map(losses => [losses, losses === 4 ? 1 : 0, losses >= SUSPECT_AFTER])
      equal(counted, expected, 'losses, marks, and whether it is a suspect')
    },
  },
  {
    id: 'LSS-07',
    title: 'a suspect is pulled alone, and there is more',
    promise: 'A pull that meets a suspect answers it alone, and says that there is more: it does not end the demand.',
    profile: 'full',
    guarantees: [5],
    needs: ['losses:marked', 'competing:message', 'fifo:exact'],
    proves: ['losses:marked'],
    budget: ({ lease, redeliver }) => 3 * (lease + redeliver),
    async run(it) {
      const { orders, billing, id } = await lost(it, SUSPECT_AFTER)
      const rest = await it.publish(orders, 3)
      const consumer = await it.consume(billing)
      await it.elapse(it.timing.lease + it.timing.redeliver)
      const alone = await consumer.source.pull(10)
      equal(
        alone.deliveries.map(({ message, suspect }) => [message.id, suspect]),
        [[id, true]],
        'what a pull of ten brings where a suspect is first',
      )
      equal(alone.more, true, 'whether it says that there is more')
      equal(
        (await consumer.take(3)).map(({ message }) => message.id),
        rest,
        'what the next pulls bring',
      )
    },
  },
  {
    id: 'LSS-08',
    title: 'a run that ends clears the losses, a release does not',
    promise:
      'A suspect whose run ends in a retry is none any more; one that is given back stays one, and its mark is void.',
    profile: 'full',
    guarantees: [5],
    needs: ['losses:marked', 'competing:message'],
    proves: ['losses:marked'],
    budget: ({ lease, redeliver }) => 5 * (lease + redeliver),
    async run(it) {
      const { billing, within } = await lost(it, SUSPECT_AFTER)
      const releasing = await it.consume(billing)
      const released = await releasing.next(within)
      await releasing.source.mark(released)
      equal(await releasing.release(released), [], 'exceptions of the release')
      const [again] = await lose(it, billing, 1)
      equal([again?.losses, again?.marks], [2, 0], 'losses and marks after a release')
      const retrying = await it.consume(billing)
      const third = await retrying.next(within)
      equal(
        [third.losses, third.marks],
        [3, 0],
        'losses and marks after the loss of what was given back since its mark',
      )
      await retrying.source.mark(third)
      equal(await retrying.retry(third), [], 'exceptions of the retry')
      const { attempt, losses, marks, suspect } = await retrying.next(it.timing.redeliver)
      equal([attempt, losses, marks, suspect], [2, 0, 0, false], 'attempt, losses, marks and suspicion after a run')
    },
  },
  {
    id: 'LSS-09',
    title: 'what has been taken over cannot be marked any more',
    promise: 'Marking a delivery whose lease is lost rejects, and does not count against its message.',
    profile: 'full',
    guarantees: [5, 11],
    needs: ['losses:marked', 'competing:message', 'fencing:exact'],
    proves: ['losses:marked', 'fencing:exact'],
    budget: ({ lease, redeliver }) => 5 * (lease + redeliver),
    async run(it) {
      const { billing, within } = await lost(it, SUSPECT_AFTER)
      const late = await it.consume(billing)
      const old = await late.next(within)
      await lose(it, billing, 1)
      const marked = await late.source.mark(old).then(
        () => 'resolved',
        () => 'rejected',
      )
      equal(marked, 'rejected', 'marking after the lease was lost')
      equal((await (await it.consume(billing)).next(within)).marks, 0, 'the marks of the message afterwards')
    },
  },
  {
    id: 'LSS-10',
    title: 'a loss in one subscription is none in another',
    promise: 'Losses belong to a message in one subscription: what vanishes in one is no suspect in the others.',
    profile: 'full',
    guarantees: [3, 5],
    needs: ['losses:marked', 'competing:message'],
    budget: ({ lease, redeliver }) => 3 * (lease + redeliver),
    async run(it) {
      const orders = it.topic()
      const [billing, shipping] = [orders.subscription('billing'), orders.subscription('shipping')]
      await (await it.open()).declare(billing, shipping)
      await it.publish(orders, 1)
      await lose(it, billing, SUSPECT_AFTER)
      const other = await (await it.consume(shipping)).next()
      equal(
        [other.attempt, other.losses, other.suspect],
        [1, 0, false],
        'attempt, losses and suspicion in the other one',
      )
      const own = await (await it.consume(billing)).next(it.timing.lease + it.timing.redeliver)
      equal([own.losses, own.suspect], [SUSPECT_AFTER, true], 'losses and suspicion where it was lost')
    },
  },
  {
    id: 'LSS-11',
    title: 'a cut whose messages return to their process is neither a loss nor a failed run',
    promise:
      'When a connection breaks under running handlers and comes back, each goes on to its end: one run, attempt 1, no loss.',
    profile: 'full',
    guarantees: [5, 14],
    budget: ({ lease, redeliver, recover }) => 2 * (lease + redeliver + recover),
    async run(it) {
      const { lease, redeliver, recover } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout: 4 * (lease + recover) })
      const [broker, adapter] = await it.openBreakable()
      const gate = it.gate()
      const seen = await it.collect(broker, billing, () => gate.pass(), { concurrency: 8 })
      const ids = await it.publish(orders, 8)
      await it.until(() => gate.arrived === 8, { what: 'eight handlers to run' })
      await cutLink(it, adapter)
      await it.until(() => seen.handle.state === 'consuming', { within: recover, what: 'the consumer to be back' })
      await it.elapse(lease + redeliver)
      gate.open()
      await it.until(() => seen.acked.length === 8, { within: lease + recover, what: 'all eight to be acked' })
      // What is not leased is handed out again at once, to whoever is there first.
      if (hasLeases(it)) equal(seen.ids.toSorted(), ids.toSorted(), 'what ran')
      equal([...new Set(seen.attempts)], [1], 'the attempts that were counted')
      equal([...new Set(seen.runs.map(({ losses }) => losses))], [0], 'the losses that were counted')
    },
  },
  {
    id: 'LSS-12',
    title: 'a key goes on when the message that kills its processes is dead',
    promise: 'Messages of a key wait for one that kills whoever runs it, and come in order when it is dead.',
    profile: 'full',
    guarantees: [5, 8],
    needs: ['losses:marked', { not: 'keys:none' }],
    proves: ['losses:marked'],
    budget: ({ lease, redeliver, arrive, recover, close }) => 7 * (lease + redeliver + 4 * arrive + recover + close),
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const ids = await it.publish(orders, 4, () => ({ key: 'one' }))
      const killers = [ids[1] ?? '']
      const work = new Succession(it, { subscription: billing, ids, killers, most: 5 })
      await work.run()
      equal(work.kills.length, 5, 'how many processes it took until the killer was dead')
      const dead = await all((await it.open()).deadLetters(billing))
      equal(
        dead.map(({ message, reason }) => [message.id, reason]),
        [[killers[0], DEAD_REASONS.CRASHED]],
        'the dead',
      )
      equal(work.collectors.at(-1)?.numbers, [3, 4], 'the runs of the process after the last that died')
    },
  },
  {
    id: 'LSS-13',
    title: 'a suspect that cannot be marked for a while waits, and is run when it can',
    promise:
      'What the broker cannot store a mark for is not run, counts nothing, keeps nobody waiting, and runs when it can be marked.',
    profile: 'full',
    guarantees: [2, 5],
    needs: ['losses:marked', 'competing:message'],
    proves: ['losses:marked'],
    budget: ({ lease, redeliver, recover }) => 4 * (lease + redeliver) + recover + 2 * UNWOKEN,
    async run(it) {
      const { lease, redeliver, recover } = it.timing
      const { orders, billing, id } = await lost(it, SUSPECT_AFTER)
      await it.elapse(lease + redeliver)
      const [broker, adapter] = await it.openBreakable()
      adapter.failBefore('mark', { times: 3 })
      const seen = await it.collect(broker, billing)
      const others = await it.publish(orders, 3)
      const within = lease + redeliver + recover + UNWOKEN
      await it.until(() => seen.acked.length === 4, { within, what: 'the suspect and three others to be acked' })
      equal(seen.ids.toSorted(), [id, ...others].toSorted(), 'what ran')
      const run = seen.runs.find(({ message }) => message.id === id)
      equal([run?.attempt, run?.losses], [1, SUSPECT_AFTER], 'attempt and losses of the suspect')
    },
  },
)

/** A message that has been lost so often. `within`: how long the last loss may take to be noticed. */
async function lost(it: CaseContext, times: number) {
  const orders = it.topic()
  const billing = orders.subscription('billing')
  const [id = ''] = await it.publish(orders, 1)
  const deliveries = await lose(it, billing, times)
  return { orders, billing, id, lost: deliveries, within: it.timing.lease + it.timing.redeliver }
}
