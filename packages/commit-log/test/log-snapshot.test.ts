import { expect, test } from 'vitest'
import { LogSnapshot, verifyLog } from '../src/index.js'
import { appendEach, opened, segmentsOf, simDisk, texts } from './opened.js'

/** What a snapshot has, read as opening the log would, and then whole. */
async function told(snapshot: LogSnapshot) {
  const replayed: number[] = []
  let state: string | undefined
  await snapshot.replay({
    restore: checkpoint => {
      state = Buffer.from(checkpoint.state).toString()
    },
    record: ({ sequence }) => replayed.push(sequence),
  })
  const all: number[] = []
  const { damage } = await snapshot.read({ record: ({ sequence }) => all.push(sequence) })
  return { state, replayed, all, damage }
}

const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

test('a snapshot is a log as it was, while its writer goes on', async () => {
  const disk = simDisk()
  const { log } = await opened({ disk })
  await appendEach(log, texts(50))
  await log.checkpoint({ sequence: 40, state: Buffer.from('forty'), keepFrom: 1 })
  const snapshot = await LogSnapshot.take(disk)
  await appendEach(log, texts(30, 51))
  await log.checkpoint({ sequence: 80, state: Buffer.from('eighty'), keepFrom: 1 })
  const expected = { state: 'forty', replayed: upTo(41, 50), all: upTo(1, 50), damage: [] }
  expect(await told(snapshot)).toEqual(expected)
  expect(await told(await LogSnapshot.take(disk))).toMatchObject({ state: 'eighty', replayed: [], all: upTo(1, 80) })
})

test('of nothing, it is empty', async () => {
  const snapshot = await LogSnapshot.take(simDisk())
  expect(snapshot.isEmpty).toBe(true)
  expect(await told(snapshot)).toEqual({ state: undefined, replayed: [], all: [], damage: [] })
})

/** A disk whose writer makes checkpoints, and removes what is in front of them, between two looks of whoever reads it. */
async function livelyDisk() {
  const disk = simDisk()
  const { log } = await opened({ disk })
  await appendEach(log, texts(50))
  await log.checkpoint({ sequence: 50, state: Buffer.from('50'), keepFrom: 1 })
  const seen = { looks: 0 }
  const list = disk.list.bind(disk)
  // Between the segments and the checkpoints, what is there of both has grown; and what nobody wants any more is gone.
  disk.list = async folder => {
    if (folder === 'checkpoints' && ++seen.looks === 2) {
      await appendEach(log, texts(50, 51))
      for (const sequence of [90, 100])
        await log.checkpoint({ sequence, state: Buffer.from(`${sequence}`), keepFrom: 60 })
    }
    return list(folder)
  }
  return { disk, seen }
}

test('a checkpoint that is made while it is taken is no damage: it looks again', async () => {
  const { disk, seen } = await livelyDisk()
  const { state, replayed, all, damage } = await told(await LogSnapshot.take(disk))
  expect(seen.looks).toBeGreaterThan(3)
  expect([state, replayed, damage]).toEqual(['100', [], []])
  expect(all.at(-1)).toBe(100)
  expect(all[0]).toBeGreaterThan(1)
})

test('nor is it for verify', async () => {
  const { disk, seen } = await livelyDisk()
  expect(await verifyLog(disk)).toMatchObject({ next: 101, damage: [], brokenCheckpoints: [] })
  expect(seen.looks).toBeGreaterThan(3)
})

test('damage is told as by verify', async () => {
  const disk = simDisk()
  const { log } = await opened({ disk })
  await appendEach(log, texts(50))
  await log.close()
  const path = segmentsOf(disk)[0] as string
  const bytes = disk.contentOf(path)
  bytes[200] = (bytes[200] as number) ^ 1
  disk.overwrite(path, bytes)
  const { damage } = await told(await LogSnapshot.take(disk))
  expect(damage).toHaveLength(1)
  expect(damage).toEqual((await verifyLog(disk)).damage)
})

test('whoever stores what it is told holds the reading up, batch by batch, and ends it by throwing', async () => {
  const disk = simDisk()
  const { log } = await opened({ disk })
  await appendEach(log, texts(20))
  const order: string[] = []
  const snapshot = await LogSnapshot.take(disk)
  await snapshot.read({
    record: ({ sequence }) => order.push(`${sequence}`),
    pace: async () => {
      await new Promise(setImmediate)
      order.push('stored')
    },
  })
  expect(order.filter(entry => entry !== 'stored')).toEqual(upTo(1, 20).map(String))
  expect(order.slice(0, 4)).toEqual(['1', 'stored', '2', 'stored'])
  await expect(snapshot.read({ pace: () => Promise.reject(new Error('enough')) })).rejects.toThrow('enough')
})
