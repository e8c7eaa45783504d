import { SimDisk } from '../../src/testing/sim-disk.js'
import { JudgedLog } from './judged-log.js'
import { Ledger } from './ledger.js'
import { randomFrom } from './random.js'
import { type Trace, traces } from './traces.js'
import { Violation } from './violation.js'

/** How a process ends: a seed for what the power leaves behind, or none where only the process ends. */
export type Crash = { readonly after: 'process' } | { readonly after: 'power'; readonly seed: number }

/** Where crashes fall: in this call of the trace and, if that is not undefined, in this one of the recovery from it. */
interface Point {
  readonly crash: Crash
  readonly first: number
  readonly second: number | undefined
}

/**
 * Crashes a trace at every call that it makes, and every recovery from it at every call of that.
 *
 * @param deep For these, the recoveries, too.
 * @returns Crashes.
 */
export async function crashEverywhere(
  name: string,
  crashes: readonly Crash[],
  deep: readonly Crash[],
): Promise<number> {
  let count = 0
  for (const crash of crashes) {
    for (let first = 1; ; first++) {
      if ((await crashAt(name, { crash, first, second: undefined })) === 'over') break
      count++
      for (let second = 1; deep.includes(crash); second++) {
        if ((await crashAt(name, { crash, first, second })) === 'over') break
        count++
      }
    }
  }
  return count
}

async function crashAt(name: string, point: Point): Promise<'crashed' | 'over'> {
  const trace = traces().find(candidate => candidate.name === name) as Trace
  const ledger = new Ledger()
  try {
    return await runTo(trace, ledger, point)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new Violation(`${name}, ${JSON.stringify(point)}: ${message}`, { cause: error })
  }
}

async function runTo(trace: Trace, ledger: Ledger, { crash, first, second }: Point): Promise<'crashed' | 'over'> {
  let disk = new SimDisk(randomFrom(crash.after === 'power' ? crash.seed : 1))
  if (trace.prepare !== undefined) {
    await trace.prepare(disk, ledger)
    disk = disk.restart('process')
  }
  const { fault } = trace
  disk.fault = call => (call.number === first ? 'stop' : fault?.(call))
  if (!(await isStopped(disk, trace.run(disk, ledger)))) return 'over'
  if (second !== undefined) {
    disk = disk.restart(crash.after)
    disk.capacity = Number.POSITIVE_INFINITY
    disk.fault = ({ number }) => (number === second ? 'stop' : undefined)
    if (!(await isStopped(disk, JudgedLog.open(disk, ledger)))) return 'over'
  }
  disk = disk.restart(crash.after)
  disk.capacity = Number.POSITIVE_INFINITY
  const judged = await JudgedLog.open(disk, ledger)
  await judged.readAll()
  await judged.append(2)
  const again = await JudgedLog.open(disk.restart('power'), ledger)
  await again.readAll()
  return 'crashed'
}

const isStopped = (disk: SimDisk, work: Promise<unknown>): Promise<boolean> =>
  Promise.race([work.then(() => false), disk.stopped.then(() => true)])
