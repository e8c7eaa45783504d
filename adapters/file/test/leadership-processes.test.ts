import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeDisk, verifyLog } from '@pluribus/commit-log'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

const ROUNDS = 20
const LEADER_TIMEOUT = 1000
/** Milliseconds from when a leader is killed until the next one has acknowledged something. */
const REPLACED_WITHIN = 1_000
/** Milliseconds, on a machine that does much else. */
const PATIENCE = 30_000

interface Acknowledged {
  readonly acknowledged: number
  readonly generation: number
  readonly number: number
}

/** A process that leads or follows, and what it has said. */
class Contender {
  readonly acknowledged: Acknowledged[] = []
  leads = 0
  readonly stops: { readonly stops: number; readonly code: string }[] = []
  readonly odd: string[] = []
  readonly #child: ChildProcess
  #rest = ''

  constructor(folder: string) {
    const root = join(import.meta.dirname, '../../..')
    const hooks = `--import=${join(root, 'scripts/mutation/hooks.ts')}`
    const script = join(import.meta.dirname, 'leadership-process.ts')
    const args = ['--no-warnings', '--conditions=pluribus-source', hooks, script, folder, String(LEADER_TIMEOUT)]
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#hear(text))
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => this.odd.push(text))
  }

  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal)
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = new Promise(resolve => this.#child.once('close', resolve))
    this.signal('SIGKILL')
    await ended
  }

  #hear(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      const said = JSON.parse(line)
      if ('acknowledged' in said) this.acknowledged.push(said)
      else if ('leads' in said) this.leads = said.leads
      else if ('stops' in said) this.stops.push(said)
    }
  }
}

let folder: string
const contenders: Contender[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pluribus-elections-'))
})

afterEach(async () => {
  await Promise.all(contenders.splice(0).map(contender => contender.end()))
  rmSync(folder, { recursive: true, force: true })
})

const start = () => contenders[contenders.push(new Contender(folder)) - 1] as Contender

const until = <T>(condition: () => T) => vi.waitUntil(condition, { timeout: PATIENCE, interval: 2 })

/** Whoever leads under a later generation than this, and has acknowledged something. */
const successor = (generation: number) =>
  until(() =>
    contenders.find(({ leads, acknowledged }) => leads > generation && acknowledged.at(-1)?.generation === leads),
  )

test(`${ROUNDS} leaders that are killed or frozen are replaced, nothing acknowledged is lost, and no two acknowledge at once`, async () => {
  const waits: Record<'SIGKILL' | 'SIGSTOP', number[]> = { SIGKILL: [], SIGSTOP: [] }
  for (let index = 0; index < 3; index++) start()
  let leader = (await successor(0)) as Contender
  for (let round = 0; round < ROUNDS; round++) {
    const signal = round % 2 === 0 ? 'SIGKILL' : 'SIGSTOP'
    const { leads } = leader
    const before = performance.now()
    leader.signal(signal)
    const next = (await successor(leads)) as Contender
    waits[signal].push(performance.now() - before)
    if (signal === 'SIGKILL') start()
    else {
      leader.signal('SIGCONT')
      const old = leader
      // It may have led again since; what it must not do is to go on as it was.
      await until(() => old.stops.some(({ stops, code }) => stops === leads && code === 'OUTDATED'))
    }
    leader = next
  }
  for (const contender of contenders) await contender.end()
  expect(contenders.flatMap(({ odd }) => odd)).toEqual([])
  await judge()
  // Of a killed one the third best, of a frozen one the median: on a busy machine a leader may have been silent before it was stopped, and
  // whoever is to take its place may wait for a processor.
  expect(waits.SIGKILL.toSorted(ascending)[2]).toBeLessThan(REPLACED_WITHIN)
  expect(waits.SIGSTOP.toSorted(ascending)[waits.SIGSTOP.length >> 1]).toBeGreaterThan(LEADER_TIMEOUT * 0.7)
}, 300_000)

const ascending = (a: number, b: number) => a - b

async function judge(): Promise<void> {
  const stored = new Map<number, { readonly generation: number; readonly number: number }>()
  let last = 0
  const verified = await verifyLog(nodeDisk(join(folder, 'log')), {
    record: ({ sequence, body }) => {
      const record = JSON.parse(Buffer.from(body).toString())
      expect(record.generation).toBeGreaterThanOrEqual(last)
      last = record.generation
      stored.set(sequence, record)
    },
  })
  expect(verified.damage).toEqual([])
  const said = contenders.flatMap(({ acknowledged }) => acknowledged)
  expect(said.length).toBeGreaterThan(ROUNDS)
  for (const { acknowledged, generation, number } of said)
    expect(stored.get(acknowledged)).toEqual({ generation, number })
}
