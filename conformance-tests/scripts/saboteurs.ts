/**
 * Runs every broken adapter against every case and prints what caught it: `npm run saboteurs`, or
 * `npm run saboteurs -- late-ack-is-not-told`. Fails where the case named for it did not. With `--write` the rows of
 * those that were run go to SABOTEURS.md.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { SABOTEURS, type Saboteur } from '@pluribus/conformance/saboteurs'
import { startOfRow, storeRows } from './saboteur-table.ts'

/** A broken adapter may keep a case from ever ending; by then it has been caught. Milliseconds. */
const LIMIT = 90_000
const RUN = fileURLToPath(new URL('saboteur-run.ts', import.meta.url))

interface Caught {
  readonly saboteur: Saboteur
  readonly isCaught: boolean
  readonly others: readonly string[]
  readonly hasEnded: boolean
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false }, jobs: { type: 'string', default: '2' } },
})
const saboteurs = SABOTEURS.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
const results: Caught[] = []
const queue = [...saboteurs]
await Promise.all(Array.from({ length: Number(values.jobs) }, work))
const missed = results.filter(({ isCaught }) => !isCaught).length
if (values.write) storeRows(new Map(results.map(result => [result.saboteur.name, rowOf(result)])))
process.stdout.write(`\n${saboteurs.length - missed} caught, ${missed} missed\n`)
process.exitCode = missed === 0 && saboteurs.length > 0 ? 0 : 1

async function work(): Promise<void> {
  for (let saboteur = queue.shift(); saboteur !== undefined; saboteur = queue.shift()) {
    const lines = await run(saboteur.name)
    const failed = lines.filter(line => line !== 'end')
    const isCaught = failed.includes(saboteur.caughtBy)
    const others = failed.filter(id => id !== saboteur.caughtBy)
    const result = { saboteur, isCaught, others, hasEnded: lines.at(-1) === 'end' }
    results.push(result)
    const by = `${isCaught ? 'caught' : 'NOT caught'} by ${saboteur.caughtBy}`
    process.stdout.write(`${isCaught ? '✓' : '✗'} ${saboteur.name} (${saboteur.of}): ${by}; ${alsoBy(result)}\n`)
  }
}

function run(name: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [RUN, name], { stdio: ['ignore', 'pipe', 'ignore'] })
    const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT)
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    child.once('error', reject)
    child.once('close', () => {
      clearTimeout(timer)
      resolve(said.split('\n').filter(line => line !== ''))
    })
  })
}

function alsoBy({ others, hasEnded }: Caught): string {
  const some = others.length > 8 ? `${others.slice(0, 8).join(', ')} and ${others.length - 8} more` : others.join(', ')
  return `also by ${some || 'nothing'}${hasEnded ? '' : '; a case never ends'}`
}

function rowOf(result: Caught): string {
  const { caughtBy } = result.saboteur
  const by = result.isCaught ? caughtBy : `**not ${caughtBy}**`
  return `${startOfRow(result.saboteur)} ${by} | ${alsoBy(result).replace('also by ', '')} |`
}
