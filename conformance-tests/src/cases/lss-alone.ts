import { SUSPECT_AFTER } from '@pluribus/core/driver'
import { cutLink } from '../case/broken-link.js'
import { defineCases } from '../case/case.js'
import type { CaseContext } from '../case/context.js'
import { UNWOKEN } from '../case/core-limits.js'
import { equal } from '../case/expect.js'
import { lose } from '../case/lose.js'
import { untilAcked } from '../case/until-acked.js'
import type { Expression } from '../claims/expression.js'
import type { Timing } from '../target/timing.js'

const NEEDS: Expression = ['losses:marked', 'competing:message', 'fifo:exact']

const suspecting = ({ lease, redeliver, quiet }: Timing): number => 4 * (lease + redeliver) + quiet + UNWOKEN

/** Losses, suspects and marks: a suspect is alone from its mark to its settlement, and no longer. */
export const LSS_ALONE = defineCases(
  {
    id: 'LSS-14',
    title: 'a suspect whose settlement comes too late does not stop its consumer',
    promise: 'Where a suspect is settled too late, it is handed out again, and what waits behind it follows.',
    profile: 'full',
    guarantees: [5, 11],
    needs: NEEDS,
    proves: ['losses:marked'],
    budget: suspecting,
    async run(it) {
      const { orders, billing, id } = await suspected(it)
      const [broker, adapter] = await it.openBreakable()
      adapter.settleExceptions('stale')
      const seen = await it.collect(broker, billing)
      const others = await it.publish(orders, 2)
      await untilAcked(it, 3, seen)
      equal([seen.stale, seen.ids], [[id], [id, id, ...others]], 'what was settled too late, and what ran')
    },
  },
  {
    id: 'LSS-15',
    title: 'a suspect that is taken away while it runs does not stop its consumer',
    promise: 'Nothing runs beside a suspect that was taken away, and when it ends everything behind it is run.',
    profile: 'full',
    guarantees: [5, 11],
    needs: NEEDS,
    proves: ['losses:marked'],
    budget: suspecting,
    async run(it) {
      const { orders, billing, id } = await suspected(it)
      const [broker, adapter] = await it.openBreakable()
      const gate = it.gate()
      const behaviour = (message: { readonly id: string }) => (message.id === id ? gate.pass() : undefined)
      const seen = await it.collect(broker, billing, behaviour, { concurrency: 4 })
      await it.until(() => gate.arrived === 1, { what: 'the suspect to run' })
      adapter.takeLeases()
      await it.until(() => seen.lost.length === 1, { what: 'its loss to be told' })
      const others = await it.publish(orders, 2)
      await it.elapse(it.timing.quiet)
      equal(seen.ids, [id], 'what runs while the suspect does')
      gate.open()
      await untilAcked(it, 3, seen)
      equal(seen.ids, [id, id, ...others], 'what ran')
    },
  },
  {
    id: 'LSS-16',
    title: 'a suspect whose connection breaks goes on, alone',
    promise:
      'When a connection breaks under a suspect and comes back, its run goes on to its end, alone, and that counts: one run, nothing lost.',
    profile: 'full',
    guarantees: [5, 14],
    needs: NEEDS,
    proves: ['losses:marked'],
    budget: timing => suspecting(timing) + 2 * timing.lease + timing.recover,
    async run(it) {
      const { lease, recover } = it.timing
      const { orders, billing, id } = await suspected(it)
      const [broker, adapter] = await it.openBreakable()
      const gate = it.gate()
      const behaviour = (message: { readonly id: string }) => (message.id === id ? gate.pass() : undefined)
      const seen = await it.collect(broker, billing, behaviour, { concurrency: 4 })
      await it.until(() => gate.arrived === 1, { what: 'the suspect to run' })
      await cutLink(it, adapter)
      await it.until(() => seen.handle.state === 'consuming', { within: recover, what: 'the consumer to be back' })
      const others = await it.publish(orders, 2)
      await it.elapse(2 * lease)
      equal(seen.ids, [id], 'what runs while the suspect does')
      gate.open()
      await untilAcked(it, 3, seen)
      equal([seen.ids, seen.lost], [[id, ...others], []], 'what ran, and what was lost')
    },
  },
  {
    id: 'LSS-17',
    title: 'a suspect is alone until its end is stored',
    promise: 'While the end of a suspect cannot be stored nothing else is run: it could be held against the suspect.',
    profile: 'full',
    guarantees: [5],
    needs: NEEDS,
    proves: ['losses:marked'],
    budget: timing => suspecting(timing) + timing.recover,
    async run(it) {
      const { orders, billing, id } = await suspected(it)
      const others = await it.publish(orders, 2)
      const [broker, adapter] = await it.openBreakable()
      adapter.settleExceptions('failed', { times: 2 })
      const ends: string[] = []
      broker.on('delivery.acked', event => void ends.push(event.id))
      const early: string[] = []
      const behaviour = (message: { readonly id: string }) => {
        if (message.id !== id && !ends.includes(id)) early.push(message.id)
      }
      const seen = await it.collect(broker, billing, behaviour, { concurrency: 4 })
      await it.until(() => seen.acked.length === 3, { within: it.timing.recover, what: 'all three to be acked' })
      equal([seen.ids, early], [[id, ...others], []], 'what ran, and what did before the end of the suspect was stored')
    },
  },
)

/** A message that the next consumer is given as a suspect, at once. */
async function suspected(it: CaseContext) {
  const { lease, redeliver, recover } = it.timing
  const orders = it.topic()
  const billing = orders.subscription('billing', { timeout: 4 * (lease + redeliver + recover) })
  const [id = ''] = await it.publish(orders, 1)
  await lose(it, billing, SUSPECT_AFTER)
  await it.elapse(lease + redeliver)
  return { orders, billing, id }
}
