import type { LogNotice } from '../../src/index.js'
import type { SimCall, SimDisk, SimFault } from '../../src/testing/sim-disk.js'
import { JudgedLog } from './judged-log.js'
import type { Ledger } from './ledger.js'
import { insist } from './violation.js'

/** A course of events of which every single step can be the last. */
export interface Trace {
  readonly name: string
  /** What was before; nothing fails in it. */
  prepare?(disk: SimDisk, ledger: Ledger): Promise<void>
  /** What the disk does beside ending. */
  readonly fault?: (call: SimCall) => SimFault | undefined
  run(disk: SimDisk, ledger: Ledger): Promise<void>
}

const filled = async (disk: SimDisk, ledger: Ledger) => {
  const judged = await JudgedLog.open(disk, ledger)
  for (let round = 0; round < 4; round++) await judged.append(6)
  return judged
}

/** A trace is worth its time only if it does what it is named for. */
function insistOn({ notices, log }: JudgedLog, kind: LogNotice['kind'] | undefined, segments: number): void {
  insist(kind === undefined || notices.includes(kind), () => `this was to meet "${kind}", and met ${notices}`)
  insist(log.segments.length >= segments, () => `this was to make ${segments} segments`)
}

/** The nth call of a kind fails. */
function nth(kind: SimCall['kind'], number: number, fault: SimFault) {
  let count = 0
  return (call: SimCall) => (call.kind === kind && ++count === number ? fault : undefined)
}

/** Some of the calls of a kind fail, of those in a folder. */
function nthIn(kind: SimCall['kind'], folder: string, numbers: readonly number[], fault: SimFault) {
  let count = 0
  return (call: SimCall) =>
    call.kind === kind && call.path.startsWith(folder) && numbers.includes(++count) ? fault : undefined
}

/** The batch that fails is stored in a new segment. */
async function copyForward(...[disk, ledger]: Parameters<Trace['run']>): Promise<void> {
  const judged = await filled(disk, ledger)
  await judged.append(3)
  insistOn(judged, 'copied-forward', 2)
}

/** Anew for each run: some of them count. */
export const traces = (): readonly Trace[] => [
  {
    name: 'append',
    run: async (disk, ledger) => {
      const judged = await JudgedLog.open(disk, ledger)
      await judged.append(1)
      await judged.append(5)
      await judged.append(2)
    },
  },
  {
    name: 'roll',
    run: async (disk, ledger) => {
      const judged = await filled(disk, ledger)
      await judged.append(30)
      await judged.append(30)
      await judged.append(1)
      insistOn(judged, undefined, 3)
    },
  },
  {
    name: 'checkpoint',
    run: async (disk, ledger) => {
      const judged = await filled(disk, ledger)
      await judged.checkpoint(1000)
      await judged.append(3)
      await judged.checkpoint(1000)
      await judged.append(1)
      await judged.checkpoint(1000)
    },
  },
  {
    name: 'retention',
    prepare: async (disk, ledger) => {
      const judged = await filled(disk, ledger)
      for (let round = 0; round < 3; round++) await judged.append(30)
      await judged.checkpoint(5)
    },
    run: async (disk, ledger) => {
      const judged = await JudgedLog.open(disk, ledger)
      await judged.checkpoint(5)
      await judged.append(2)
      await judged.checkpoint(5)
      insist((judged.log.segments[0]?.first ?? 1) > 1, () => 'this was to remove segments')
      await judged.readAll()
    },
  },
  {
    name: 'takeover',
    prepare: async (disk, ledger) => {
      await (await filled(disk, ledger)).append(30)
    },
    run: async (disk, ledger) => {
      await (await JudgedLog.open(disk, ledger)).append(2)
    },
  },
  {
    name: 'close',
    prepare: async (disk, ledger) => {
      await (await filled(disk, ledger)).log.close()
    },
    run: async (disk, ledger) => {
      const judged = await JudgedLog.open(disk, ledger)
      await judged.append(1)
      await judged.log.close()
      await (await JudgedLog.open(disk, ledger)).log.close()
    },
  },
  {
    name: 'a failed sync',
    fault: nth('sync', 5, 'EIO'),
    run: copyForward,
  },
  {
    name: 'a failed write',
    fault: nth('write', 5, 'EIO'),
    run: copyForward,
  },
  {
    name: 'a failed roll',
    fault: nth('rename', 3, 'EIO'),
    run: async (disk, ledger) => {
      const judged = await filled(disk, ledger)
      await judged.append(30)
      await judged.append(3)
      await judged.append(3)
      insistOn(judged, 'roll-failed', 2)
    },
  },
  {
    name: 'two failures, and open again',
    fault: (() => {
      let syncs = 0
      return ({ kind }: SimCall) => (kind === 'sync' && ++syncs > 3 && syncs < 6 ? ('EIO' as const) : undefined)
    })(),
    run: async (disk, ledger) => {
      const judged = await filled(disk, ledger)
      await judged.log.close()
      insistOn(judged, 'failed', 1)
      await (await JudgedLog.open(disk, ledger)).append(2)
    },
  },
  {
    name: 'two names in doubt',
    fault: nthIn('syncFolder', 'segments', [3, 4], 'EIO'),
    run: async (disk, ledger) => {
      const judged = await filled(disk, ledger)
      await judged.append(30)
      await judged.append(3)
      insistOn(judged, 'failed', 1)
      await judged.log.close()
      await (await JudgedLog.open(disk, ledger)).append(2)
    },
  },
  {
    name: 'a batch refused where a segment should end',
    fault: (() => {
      const handles = nthIn('create', 'segments/', [2, 3], 'EMFILE')
      const sync = nth('sync', 6, 'EIO')
      return (call: SimCall) => handles(call) ?? sync(call)
    })(),
    run: async (disk, ledger) => {
      const judged = await filled(disk, ledger)
      await judged.append(30)
      await judged.append(3)
      await judged.append(3)
      await judged.append(3)
      insistOn(judged, 'roll-failed', 2)
      await judged.readAll()
    },
  },
  {
    name: 'a full disk',
    run: async (disk, ledger) => {
      const judged = await filled(disk, ledger)
      disk.capacity = 9_000
      for (let round = 0; round < 4; round++) await judged.append(3, 1500)
      insistOn(judged, 'full', 2)
      disk.capacity = 100_000
      await judged.checkpoint(2)
      await judged.checkpoint(2)
      await judged.append(3)
      await judged.readAll()
    },
  },
]
