import { CommitLog, type LogOptions, type LogRecord } from '../src/index.js'
import { SimDisk } from '../src/testing/sim-disk.js'
import { randomFrom } from './simulation/random.js'

export const SMALL = { segmentBytes: 4096, pendingBytes: 65_536, reserveBytes: 0 }

export const simDisk = (seed = 1) => new SimDisk(randomFrom(seed))

/** A log with small segments, and the bodies, by sequence number, that it replayed. */
export async function opened(options: LogOptions) {
  const replayed = new Map<number, string>()
  let restored: string | undefined
  const log = await CommitLog.open({
    limits: SMALL,
    replay: {
      restore: ({ state }) => {
        restored = Buffer.from(state).toString()
      },
      record: ({ sequence, body }) => replayed.set(sequence, Buffer.from(body).toString()),
    },
    ...options,
  })
  return { log, replayed, restored }
}

/** Appends texts, one batch each. */
export async function appendEach(log: CommitLog, texts: readonly string[]): Promise<number[]> {
  const sequences: number[] = []
  for (const text of texts) sequences.push(await log.append(1, Buffer.from(text)))
  return sequences
}

export const texts = (count: number, from = 1, size = 100) =>
  Array.from({ length: count }, (_, index) => `${index + from} `.padEnd(size, 'x'))

export async function readAll(log: CommitLog, from = 1): Promise<LogRecord[]> {
  const all: LogRecord[] = []
  for await (const records of log.read(from)) all.push(...records)
  return all
}

export const textsOf = (records: readonly LogRecord[]) => records.map(({ body }) => Buffer.from(body).toString())

export const segmentsOf = (disk: SimDisk) => disk.paths.filter(path => path.startsWith('segments/')).sort()
