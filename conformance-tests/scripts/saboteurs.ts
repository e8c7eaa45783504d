/**
 * Runs every broken adapter against every case and prints what caught it: `npm run saboteurs`, or
 * `npm run saboteurs -- late-ack-is-not-told`. Fails where the case named for it did not.
 */
import { Suite } from '@pluribus/conformance'
import { SABOTEURS, saboteurTarget } from '@pluribus/conformance/saboteurs'
import { bases } from './bases.ts'

const wanted = process.argv.slice(2)
const saboteurs = SABOTEURS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))
let missed = 0
for (const saboteur of saboteurs) {
  const suite = await Suite.prepare(saboteurTarget(bases[saboteur.of], saboteur))
  const results = await suite.runAll()
  const caught = results.filter(({ verdict }) => verdict === 'failed').map(({ case: { id } }) => id)
  const isCaught = caught.includes(saboteur.caughtBy)
  if (!isCaught) missed++
  const others = caught.filter(id => id !== saboteur.caughtBy)
  const sign = isCaught ? '✓' : '✗'
  process.stdout.write(`${sign} ${saboteur.name} (${saboteur.of}): ${saboteur.breaks}\n`)
  process.stdout.write(
    `    ${isCaught ? 'caught' : 'NOT caught'} by ${saboteur.caughtBy}; also by ${others.join(', ') || 'nothing'}\n`,
  )
}
process.stdout.write(`\n${saboteurs.length - missed} caught, ${missed} missed\n`)
process.exitCode = missed === 0 && saboteurs.length > 0 ? 0 : 1
