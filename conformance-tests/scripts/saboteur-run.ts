/** In a process of its own: runs one broken adapter against every case. Prints the ids of the cases that fail, as JSON. */
import { Suite } from '@pluribus/conformance'
import { SABOTEURS, saboteurTarget } from '@pluribus/conformance/saboteurs'
import { bases } from './bases.ts'

const saboteur = SABOTEURS.find(({ name }) => name === process.argv[2])
if (saboteur === undefined) throw new Error(`There is no saboteur ${process.argv[2]}.`)
const suite = await Suite.prepare(saboteurTarget(bases[saboteur.of], saboteur))
// As they come: whoever waits for the end of a run that has none still learns what it has shown.
await suite.runAll(({ case: { id }, verdict }) => {
  if (verdict === 'failed') process.stdout.write(`${id}\n`)
})
await suite.close()
process.stdout.write('end\n')
process.exit(0)
