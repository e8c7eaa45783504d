import type { Case } from '../case/case.js'
import { describe, satisfies } from '../claims/expression.js'
import { hasHook } from '../target/has-hook.js'
import { HOOKS } from '../target/hooks.js'
import { TargetError } from '../target/target-error.js'
import type { Stage } from './run-case.js'
import type { Verdict } from './verdict.js'

/** Which cases are selected. */
export interface Selection {
  /** Default: `full`, which holds `core`. */
  readonly profile?: 'core' | 'full'
  /** Groups (`LSE`) and ids (`LSE-03`). Default: all. */
  readonly only?: readonly string[] | undefined
  /** Groups and ids that are left out. */
  readonly skip?: readonly string[] | undefined
}

/** A case, and what is known of it before it runs. */
export interface Planned {
  readonly case: Case
  /** What it ends as without being run. */
  readonly settled?: { readonly verdict: Verdict; readonly reason: string }
}

const named = (names: readonly string[], { id }: Case): boolean =>
  names.some(name => id === name || id.startsWith(`${name}-`))

/** Decides about each selected case: run it, or why not. Probes of what is claimed are not part of it. */
export function plan(cases: readonly Case[], stage: Stage, selection: Selection): readonly Planned[] {
  const { profile = 'full', only = [], skip = [] } = selection
  const known = new Set(cases.flatMap(({ id }) => [id, id.slice(0, id.lastIndexOf('-'))]))
  const strangers = [...only, ...skip].filter(name => !known.has(name) && !cases.some(one => named([name], one)))
  if (strangers.length > 0) throw new TargetError(`There is no case and no group called ${strangers.join(', ')}.`)
  return cases
    .filter(one => profile === 'full' || one.profile === 'core')
    .filter(one => only.length === 0 || named(only, one))
    .filter(one => !named(skip, one))
    .filter(one => !isProbe(one) || applies(one, stage))
    .map(one => planned(one, stage))
}

/** Probes show that what is not claimed is refused. */
export const isProbe = ({ id }: Case): boolean => id.startsWith('REF-')

const applies = ({ needs }: Case, { capabilities }: Stage): boolean =>
  needs === undefined || satisfies(needs, capabilities)

function planned(one: Case, stage: Stage): Planned {
  if (!applies(one, stage) && one.needs !== undefined) {
    const reason = `not claimed: ${describe(one.needs)}`
    if (one.refusal === undefined) return { case: one, settled: { verdict: 'skipped', reason } }
    return {
      case: one,
      settled: { verdict: 'refused', reason: `${reason}; ${one.refusal} shows whether that is refused` },
    }
  }
  const missing = (one.hooks ?? []).filter(hook => !hasHook(stage.target, hook))
  if (missing.length === 0) return { case: one }
  // No server can offer virtual time: what only that can show is not owed by it.
  const verdict = missing.every(hook => hook === 'virtual-time') ? 'skipped' : 'blocked'
  return { case: one, settled: { verdict, reason: `needs ${missing.map(hook => HOOKS[hook]).join(', ')}` } }
}
