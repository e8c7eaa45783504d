import type { Connection, SubscriptionSpec } from '@pluribus/core/driver'
import type { World } from '../case/world.js'
import { ledgerOf, subscriptionKey } from '../history/ledger.js'
import { owed } from '../history/owed.js'
import type { Timing } from '../target/timing.js'
import { within } from './time.js'

/** Deliveries that the audit holds at once. */
const WINDOW = 256
/** A message that comes more often although it is acked each time would keep the audit going for ever. */
const MOST_TIMES = 3

/** Looks at what is left of every subscription of a case, so that nothing can be lost unseen. */
export async function audit(world: World, timing: Timing): Promise<void> {
  const declared = ledgerOf(world.history.whole).facts('declare')
  const names = new Set(declared.map(({ topic, subscription }) => subscriptionKey(topic, subscription)))
  if (names.size === 0) return
  await world.audit(async connection => {
    for (const spec of await connection.persistence.subscriptions()) {
      if (names.has(subscriptionKey(spec.topic, spec.name))) await auditOne(world, connection, spec, timing)
    }
  })
}

async function auditOne(world: World, connection: Connection, spec: SubscriptionSpec, timing: Timing): Promise<void> {
  const { topic, name } = spec
  const dead: string[] = []
  for await (const { message } of connection.persistence.deadLetters({ subscription: { topic, name } })) {
    dead.push(message.id)
  }
  // The leases of what has died must end first; what is delayed for longer than that is not waited for.
  const end = world.time.clock.monotonic() + timing.lease + timing.recover
  const waiting = owed(ledgerOf(world.history.whole), topic, name).filter(({ isDead, due }) => !isDead && due < end)
  const expected = new Set(waiting.map(({ publication }) => publication.id).filter(id => !dead.includes(id)))
  const left = await drain(world, connection, spec, { timing, expected, end })
  world.history.add('audit', { kind: 'audit', topic, subscription: name, left, dead, complete: true })
}

interface Draining {
  readonly timing: Timing
  /** What must come; emptied as it does. */
  readonly expected: Set<string>
  /** How long it is waited for where nothing comes. */
  readonly end: number
}

/**
 * Takes and acks all there is, for as long as anything is expected and may still come. It looks once in any case: what
 * has been acked, and is there all the same, is a find.
 */
async function drain(
  world: World,
  connection: Connection,
  spec: SubscriptionSpec,
  draining: Draining,
): Promise<string[]> {
  const { time } = world
  const { timing, expected } = draining
  let woken: () => void = () => {}
  const events = { wake: () => woken(), lost() {}, ended: () => woken() }
  const source = await connection.subscriber.open(spec, { window: WINDOW, lease: timing.lease }, events)
  const seen = new Map<string, number>()
  let isStuck = false
  let end = draining.end
  for (;;) {
    const wakes = new Promise<void>(resolve => {
      woken = resolve
    })
    const pulled = await source.pull(WINDOW)
    for (const { message } of pulled.deliveries) {
      const times = (seen.get(message.id) ?? 0) + 1
      seen.set(message.id, times)
      isStuck ||= times > MOST_TIMES
      expected.delete(message.id)
    }
    await source.settle({ acks: pulled.deliveries.map(({ token }) => token), others: [] })
    const now = time.clock.monotonic()
    if (pulled.deliveries.length > 0) end = Math.max(end, now + timing.redeliver)
    if (isStuck) break
    if (pulled.deliveries.length > 0 || pulled.more === true) continue
    if (expected.size === 0 || now >= end) break
    await within(time, wakes, Math.max(1, Math.min(pulled.dueIn ?? timing.quiet, end - now, timing.quiet)))
  }
  await source.close()
  return [...seen.keys()]
}
