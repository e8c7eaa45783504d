import type { ErrorRecord, Handler, SubscriptionOptions } from '@pluribus/core'
import type { CaseContext } from './context.js'
import type { Sample } from './sample.js'

/** What became of a message whose first run did something odd. */
export interface Fate {
  /** `acked`, or the reason under which it is dead. */
  readonly end: string
  /** Of its failed runs. */
  readonly errors: readonly ErrorRecord[]
}

/** What first runs do, by name: what they return or throw is up to them. */
export type Oddities = Readonly<Record<string, () => unknown>>

/**
 * One message for each oddity, which its first run does; later runs simply end. Answers what became of them, by name. There
 * is no collector: it would look at what handlers return.
 */
export async function fatesOf(
  it: CaseContext,
  oddities: Oddities,
  options: SubscriptionOptions & { readonly within?: number } = {},
): Promise<Readonly<Record<string, Fate>>> {
  const { within = it.timing.arrive, ...policy } = options
  const names = Object.keys(oddities)
  const orders = it.topic()
  const broker = await it.open()
  const errors = new Map<string, ErrorRecord[]>()
  const ends = new Map<string, string>()
  broker.on('delivery.retried', ({ id, error }) => errors.set(id, [...(errors.get(id) ?? []), error]))
  broker.on('delivery.acked', ({ id }) => ends.set(id, 'acked'))
  broker.on('delivery.dead', ({ id, reason }) => ends.set(id, reason))
  const behave: Handler<Sample> = ({ data }, { attempt }) => {
    const name = names[data.n - 1]
    return attempt > 1 || name === undefined ? undefined : (oddities[name]?.() as ReturnType<Handler<Sample>>)
  }
  const billing = orders.subscription('billing', { retry: { delays: [] }, ...policy })
  await broker.subscribe(billing, behave, { concurrency: names.length })
  const ids = await it.publish(orders, names.length)
  const open = () => names.filter((_, index) => !ends.has(ids[index] ?? ''))
  await it.until(() => open().length === 0, { within, what: `an end of each message (${names.length} oddities)` })
  return Object.fromEntries(
    names.map((name, index) => {
      const id = ids[index] ?? ''
      return [name, { end: ends.get(id) ?? 'nothing', errors: errors.get(id) ?? [] }]
    }),
  )
}
