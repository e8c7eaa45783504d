import { UsageError } from './options.ts'
import { GROUPS, MORE_GROUPS, type Outage } from './outage.ts'
import { OUTAGES } from './outages/index.ts'

const anything = (): boolean => true

/** One outage of a campaign. */
export interface PlannedOutage {
  /** `kill-broker-7`: it alone decides, with the seed, what happens. */
  readonly id: string
  readonly outage: Outage
}

/**
 * So many outages of each group, the kinds of a group in turn, and the groups in turn; or those that are asked for by id.
 *
 * @param fits Which outages a target can be struck by: others are played where they are named themselves, and blocked.
 */
export function planOutages(
  count: number,
  only: readonly string[],
  fits: (outage: Outage) => boolean = anything,
): readonly PlannedOutage[] {
  const single = only.flatMap(singleOf)
  const names = new Set(only.filter(name => !single.some(({ id }) => id === name)))
  const strange = [...names].filter(name => !OUTAGES.some(({ kind, group }) => name === kind || name === group))
  if (strange.length > 0) throw new UsageError(`There is no outage called ${strange.join(', ')}.`)
  if (names.size === 0 && single.length > 0) return single
  const isSelected = (outage: Outage) =>
    names.has(outage.kind) || (fits(outage) && (names.size === 0 || names.has(outage.group)))
  const groups = (names.size === 0 ? GROUPS : [...GROUPS, ...MORE_GROUPS])
    .map(group => OUTAGES.filter(outage => outage.group === group && isSelected(outage)))
    .filter(kinds => kinds.length > 0)
  if (groups.length + single.length === 0)
    throw new UsageError(`Nothing of ${only.join(', ')} could strike this adapter.`)
  const rounds = Array.from({ length: count }, (_, round) =>
    groups.map(kinds => {
      const outage = kinds[round % kinds.length] as Outage
      return { id: `${outage.kind}-${Math.floor(round / kinds.length) + 1}`, outage }
    }),
  )
  return [...rounds.flat(), ...single]
}

function singleOf(name: string): readonly PlannedOutage[] {
  const [, kind, number] = /^(.+)-([1-9]\d*)$/.exec(name) ?? []
  const outage = OUTAGES.find(candidate => candidate.kind === kind)
  return outage === undefined || number === undefined ? [] : [{ id: name, outage }]
}
