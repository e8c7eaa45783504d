/**
 * In a process of its own: runs one broken adapter against every case, or in real time against the one that is named for it. Prints the ids of
 * the cases that fail, a line each.
 */
import { type CaseResult, Suite } from '@pluribus/conformance'
import { SABOTEURS, saboteurTarget } from '@pluribus/conformance/saboteurs'
import { bases } from './bases.ts'

const saboteur = SABOTEURS.find(({ name }) => name === process.argv[2])
if (saboteur === undefined) throw new Error(`There is no saboteur ${process.argv[2]}.`)
const { of, caughtBy } = saboteur
const suite = await Suite.prepare(saboteurTarget(bases[of], saboteur), of === 'tcp' ? { only: [caughtBy] } : {})
// The case named for it first, and each as it comes: whoever does not wait for the end still learns what matters.
const isNamed = ({ case: { id } }: Pick<CaseResult, 'case'>) => id === caughtBy
for (const planned of [...suite.planned.filter(isNamed), ...suite.planned.filter(planned => !isNamed(planned))]) {
  const { case: one, verdict } = await suite.run(planned)
  if (verdict === 'failed') process.stdout.write(`${one.id}\n`)
}
await suite.close()
process.stdout.write('end\n')
process.exit(0)
