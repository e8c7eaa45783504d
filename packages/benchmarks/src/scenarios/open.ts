import { closeSync, opendirSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { makeBatches, Tally } from '../payload.ts'
import { type Column, type Figures, type Scale, type Scenario, SETUP, settleMemory } from '../scenario.ts'
import type { Subject } from '../subject.ts'
import { stored } from './settled.ts'
import { fill } from './store.ts'

const CHUNK = 1_024 * 1_024
/** Reading is measured so often; the quickest counts. */
const TIMES = 5

const COLUMNS: readonly Column[] = [
  { figure: 'open', title: 'open ms', better: 'less', digits: 0 },
  { figure: 'ratio', title: '÷ reading its bytes', better: 'less', digits: 2 },
  { figure: 'read', title: 'reading ms', better: 'less', digits: 0 },
  { figure: 'thread', title: 'main thread ms', better: 'less', digits: 0 },
  { figure: 'threadRatio', title: '÷ that of reading', better: 'less', digits: 2 },
  { figure: 'megabytes', title: 'MB', better: 'less', digits: 0 },
  { figure: 'first', title: 'ms until one is handled', better: 'less', digits: 0 },
]

/**
 * How long it takes to open a folder in which a million messages wait, until what waits can be counted, against reading all of its bytes, both
 * out of the page cache. Opened once, by code that has not run before in this process.
 */
export const opening: Scenario = {
  name: 'open-1M',
  title: 'opening a folder with a million waiting messages',
  columns: COLUMNS,
  compared: true,
  measure: async (subject: Subject, { million }: Scale): Promise<Figures> => {
    const before = await subject.open(SETUP)
    const published = await fill(before, makeBatches('bytes'), million)
    await stored(before, published)
    await before.close()
    const folder = folderOf(subject)
    await settleMemory()
    const reads = Array.from({ length: TIMES }, () => timeOf(() => readAll(folder)))
    const read = Math.min(...reads.map(({ elapsed }) => elapsed))
    const readThread = Math.min(...reads.map(({ thread }) => thread))
    await settleMemory()
    const threadBefore = process.threadCpuUsage()
    const start = performance.now()
    const queue = await subject.open({ ...SETUP, again: true })
    await stored(queue, published)
    const open = performance.now() - start
    const thread = threadTime(threadBefore)
    const tally = new Tally()
    const handled = tally.reached(1)
    await queue.consume(tally.handle)
    await handled
    const first = performance.now() - start
    await queue.close()
    const megabytes = readAll(folder) / 1e6
    return { open, ratio: open / read, read, thread, threadRatio: thread / readThread, megabytes, first }
  },
}

function folderOf({ name, folder }: Subject): string {
  if (folder === undefined) throw new Error(`${name} is not in a folder, so that nothing can be opened again.`)
  return folder()
}

/** Milliseconds, by the clock and of the thread that runs JavaScript. */
function timeOf(action: () => unknown): { readonly elapsed: number; readonly thread: number } {
  const threadBefore = process.threadCpuUsage()
  const start = performance.now()
  action()
  return { elapsed: performance.now() - start, thread: threadTime(threadBefore) }
}

function threadTime(before: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1_000
}

/** Answers how many there are. */
function readAll(folder: string): number {
  const chunk = Buffer.allocUnsafeSlow(CHUNK)
  let bytes = 0
  const directory = opendirSync(folder, { recursive: true })
  for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
    if (!entry.isFile()) continue
    const file = openSync(join(entry.parentPath, entry.name), 'r')
    for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) bytes += read
    closeSync(file)
  }
  directory.closeSync()
  return bytes
}
