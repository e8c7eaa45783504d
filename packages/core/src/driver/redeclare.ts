import { PluribusError } from '../errors/pluribus-error.js'
import type { SettingChange, SubscriptionSpec, TopicSpec } from './spec.js'

/** What a later declaration may overwrite. `from` is not among them: it is decided once, at creation. */
const SETTINGS = ['discipline', 'retry', 'timeout', 'grace'] as const

/**
 * What a declaration comes to.
 *
 * @example
 * ```ts
 * import type { Redeclared, TopicSpec } from '@pluribus/core/driver'
 *
 * const isNew = ({ changes }: Redeclared<TopicSpec>) => changes.length > 0
 * ```
 */
export interface Redeclared<Spec> {
  /** What is to be stored from now on; needs no storing where nothing has changed. */
  readonly spec: Spec
  /** What {@link Connection.declare} answers. */
  readonly changes: readonly SettingChange[]
}

/**
 * Declares a topic; `stored`: what an earlier declaration has made of it.
 *
 * @throws PluribusError `CONFLICT` where the partitions differ.
 *
 * @example
 * ```ts
 * import { redeclareTopic } from '@pluribus/core/driver'
 *
 * const stored = { name: 'orders.placed', partitions: 1, retention: {} }
 * redeclareTopic(stored, { ...stored, retention: { age: 1_000 } }).changes // one, of the setting `retention`
 * ```
 */
export function redeclareTopic(stored: TopicSpec | undefined, declared: TopicSpec): Redeclared<TopicSpec> {
  if (stored === undefined) return { spec: declared, changes: [] }
  const { name, partitions } = stored
  if (declared.partitions !== partitions) {
    throw new PluribusError(
      'CONFLICT',
      `Topic "${name}" exists with partitions: ${partitions} and is declared with partitions: ${declared.partitions}. ` +
        'Partitions are fixed at creation: declare what is stored, or use another name.',
      { details: { topic: name, setting: 'partitions', stored: partitions, declared: declared.partitions } },
    )
  }
  if (isSame(stored.retention, declared.retention)) return { spec: stored, changes: [] }
  const change = { topic: name, setting: 'retention', from: stored.retention, to: declared.retention }
  return { spec: declared, changes: [change] }
}

/**
 * Declares a subscription; `stored`: what an earlier declaration has made of it. It goes on from where it started.
 *
 * @throws PluribusError `CONFLICT` where the kind of the discipline or its levels differ.
 *
 * @example
 * ```ts
 * import { redeclareSubscription, type SubscriptionSpec } from '@pluribus/core/driver'
 *
 * const patient = (stored: SubscriptionSpec) => redeclareSubscription(stored, { ...stored, timeout: 60_000 }).spec
 * ```
 */
export function redeclareSubscription(
  stored: SubscriptionSpec | undefined,
  declared: SubscriptionSpec,
): Redeclared<SubscriptionSpec> {
  if (stored === undefined) return { spec: declared, changes: [] }
  const { topic, name } = stored
  if (stored.discipline.kind !== declared.discipline.kind || stored.discipline.levels !== declared.discipline.levels) {
    const [was, is] = [describe(stored), describe(declared)]
    throw new PluribusError(
      'CONFLICT',
      `Subscription "${name}" of topic "${topic}" exists as ${was} and is declared as ${is}. ` +
        'The discipline is fixed at creation: declare what is stored, use another name, or remove the subscription.',
      { details: { topic, subscription: name, setting: 'discipline', stored: was, declared: is } },
    )
  }
  const changes = SETTINGS.filter(setting => !isSame(stored[setting], declared[setting])).map(setting => {
    return { topic, subscription: name, setting, from: stored[setting], to: declared[setting] }
  })
  return { spec: changes.length === 0 ? stored : { ...declared, from: stored.from }, changes }
}

const describe = ({ discipline: { kind, levels } }: SubscriptionSpec): string =>
  kind === 'priority' ? `priority with levels: ${levels}` : kind

/** Stored ones have been through JSON, or come from another realm: what counts is what they say. */
const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))

/** Plain data with its members in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort()
      .map(([name, member]) => [name, sorted(member)]),
  )
}
