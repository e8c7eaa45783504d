import type { CaseContext, HookName } from '@pluribus/conformance'
import type { Struck } from './struck.ts'
import type { Workload } from './workload.ts'

/** What outages are asked for by: `--only kill`. Those of {@link MORE_GROUPS} are played where they are named. */
export const GROUPS = ['kill', 'freeze', 'cut', 'lost-replies', 'election'] as const
export const MORE_GROUPS = ['terminate', 'long', 'wipe'] as const
export type Group = (typeof GROUPS)[number] | (typeof MORE_GROUPS)[number]

/** One way to break something: what it needs, and how it is done and undone. */
export interface Outage {
  readonly kind: string
  readonly group: Group
  readonly hooks: readonly HookName[]
  /** What was held is given back or finished: no lease has to end first. Default: false. */
  readonly givesBack?: boolean
  /** What had been stored is gone for good, by its nature: only what comes after it is owed. Default: false. */
  readonly forgets?: boolean
  strike(it: CaseContext, work: Workload): Promise<Struck>
}
