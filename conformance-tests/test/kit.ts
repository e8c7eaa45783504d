import { bases } from '../scripts/bases.js'
import { type Case, type CaseResult, Suite, type SuiteOptions, type Target } from '../src/index.js'

/** A case that does what the test says. */
export const made = (id: string, run: Case['run'], more: Partial<Case> = {}): Case => ({
  id,
  title: `the case ${id}`,
  promise: `What ${id} promises.`,
  profile: 'core',
  run,
  ...more,
})

/** Runs cases on the memory adapter, or on another target. */
export async function results(
  cases: readonly Case[],
  options: SuiteOptions & { readonly target?: Target } = {},
): Promise<readonly CaseResult[]> {
  const { target = bases.memory, ...rest } = options
  return (await Suite.prepare(target, { ...rest, cases })).runAll()
}

/** What the one case ends as. */
export async function verdictOf(
  run: Case['run'],
  options: Parameters<typeof results>[1] & { readonly more?: Partial<Case> } = {},
): Promise<CaseResult> {
  const { more, ...rest } = options
  const [result, ...others] = await results([made('ACK-99', run, more)], rest)
  if (result === undefined || others.length > 0) throw new Error('One case was to be run.')
  return result
}
