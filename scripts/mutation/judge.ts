/**
 * In a process of its own: runs the conformance suite on the memory adapter until a case does not pass, those that `FIRST` names
 * (ids, by comma) before all others. Prints that case, or `survived`. What escapes (an unhandled rejection, a handler that never ends) ends the process, and kills the mutant too.
 */
import { Suite } from '@pluribus/conformance'
import memory from '../../adapters/memory/conformance.ts'
import { SURVIVED, VERDICT } from './judge-words.ts'

const suite = await Suite.prepare(memory)
const first = new Map(process.env.FIRST?.split(',').map((id, rank) => [id, rank]))
const rankOf = (id: string): number => first.get(id) ?? first.size
let killer: string | undefined
for (const planned of suite.planned.toSorted((a, b) => rankOf(a.case.id) - rankOf(b.case.id))) {
  const { verdict, reason } = await suite.run(planned)
  // On the correct adapter these are the verdicts of cases that do not apply here.
  if (verdict === 'passed' || verdict === 'blocked' || verdict === 'refused' || verdict === 'skipped') continue
  killer = `${planned.case.id}: ${reason ?? verdict}`
  break
}
if (process.env.MUTANT !== undefined && process.env.MUTANT_LOADED === undefined) killer = 'NOT LOADED'
process.stdout.write(`${VERDICT}${killer?.split('\n')[0] ?? SURVIVED}\n`)
process.exit(0)
