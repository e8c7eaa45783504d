import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createBroker, topic } from '@pluribus/core'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { sqlite } from '../src/index.ts'

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url))
const COUNT = 60
const PATIENCE = { timeout: 20_000, interval: 20 }

const jobs = topic<{ job: string }>('jobs.made')
const workers = jobs.subscription('workers')
let dir = ''
let children: ChildProcess[] = []
/** What the workers have said: `acked`, `ran` or `published`, and the job. */
let said: { worker: string; what: string; job: string }[] = []
let failures = ''

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pluribus-sqlite-'))
  children = []
  said = []
  failures = ''
})

afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(dir, { recursive: true })
})

const path = () => join(dir, 'jobs.db')
const jobsThat = (what: string) => said.filter(line => line.what === what).map(({ job }) => job)

function start(worker: string, count: number): ChildProcess {
  const child = spawn(process.execPath, [WORKER, path(), worker, String(count)])
  child.stderr.on('data', chunk => {
    failures += chunk
  })
  createInterface({ input: child.stdout }).on('line', line => {
    const [what = '', job = ''] = line.split(' ')
    said.push({ worker, what, job })
  })
  children.push(child)
  return child
}

const exit = (child: ChildProcess) => new Promise<number | null>(resolve => child.on('exit', resolve))

test('three processes share the work, and what a killed one held is done by the others', async () => {
  const [ada, bob, eve] = ['ada', 'bob', 'eve'].map(worker => start(worker, COUNT)) as [
    ChildProcess,
    ChildProcess,
    ChildProcess,
  ]
  await vi.waitFor(
    () => expect(said.filter(({ worker, what }) => worker === 'eve' && what === 'ran').length).toBeGreaterThan(0),
    PATIENCE,
  )
  eve.kill('SIGKILL')
  await exit(eve)
  await vi.waitFor(
    () => expect(jobsThat('published').filter(job => !job.startsWith('eve'))).toHaveLength(2 * COUNT),
    PATIENCE,
  )

  const broker = await createBroker({ adapter: sqlite({ path: path() }) })
  const left = async () => {
    const { waiting, leased, retrying } = await broker.counts(workers)
    return [waiting, leased, retrying]
  }
  await vi.waitFor(async () => expect(await left()).toEqual([0, 0, 0]), PATIENCE)
  const ends = [ada, bob].map(exit)
  for (const child of [ada, bob]) child.stdin?.end()
  expect(await Promise.all(ends)).toEqual([0, 0])

  // Nothing that was promised is lost, in whatever line its publisher died, and only what the dead one held ran twice.
  const ran = jobsThat('ran')
  expect(new Set(ran)).toEqual(new Set([...jobsThat('published'), ...ran]))
  const twice = ran.filter((job, index) => ran.indexOf(job) < index)
  const heldByEve = new Set(said.filter(({ worker, what }) => worker === 'eve' && what === 'ran').map(({ job }) => job))
  expect(twice.filter(job => !heldByEve.has(job))).toEqual([])
  expect(new Set(said.filter(({ what }) => what === 'acked').map(({ worker }) => worker)).size).toBeGreaterThan(1)
  expect(failures).toBe('')
  await broker.close()
})
