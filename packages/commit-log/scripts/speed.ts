// Records a second, ours beside raw group commit, rounds interleaved: median, best, and the median of the rounds' ratios. After a build:
// node packages/commit-log/scripts/speed.ts [in flight ...]
import { fdatasync, mkdtempSync, openSync, rmSync, write } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { CommitLog, nodeDisk } from '../dist/index.js'

const ROUND = 1000
const ROUNDS = 11
const body = Buffer.alloc(256, 7)
const folder = mkdtempSync(join(tmpdir(), 'pluribus-log-'))

type Append = () => Promise<unknown>

/** One buffer, one write, one fdatasync a batch; one promise and one checksum a record. */
function raw(path: string): Append {
  const file = openSync(path, 'w')
  let filling = Buffer.allocUnsafeSlow(8 << 20)
  let other = Buffer.allocUnsafeSlow(8 << 20)
  let length = 0
  let waiting: (() => void)[] = []
  let position = 0
  let isBusy = false
  const commit = () => {
    if (length === 0) {
      isBusy = false
      return
    }
    const [bytes, end, told] = [filling, length, waiting]
    filling = other
    other = bytes
    length = 0
    waiting = []
    write(file, bytes, 0, end, position, (failed, written) => {
      if (failed !== null || written !== end) throw failed ?? new Error('A short write.')
      position += end
      fdatasync(file, error => {
        if (error !== null) throw error
        for (const tell of told) tell()
        setImmediate(commit)
      })
    })
  }
  return () => {
    filling.writeUInt32LE(crc32(body), length)
    filling.writeUInt32LE(body.length, length + 4)
    filling.set(body, length + 8)
    length += body.length + 8
    if (!isBusy) {
      isBusy = true
      setImmediate(commit)
    }
    return new Promise<void>(resolve => waiting.push(resolve))
  }
}

async function rate(append: Append, inFlight: number): Promise<number> {
  const begun = performance.now()
  let done = 0
  const publisher = async () => {
    while (performance.now() - begun < ROUND) {
      await append()
      done++
    }
  }
  await Promise.all(Array.from({ length: inFlight }, publisher))
  return (done / (performance.now() - begun)) * 1000
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] as number
const show = (values: readonly number[]) =>
  `${Math.round(median(values)).toLocaleString('en')}/s (best ${Math.round(Math.max(...values)).toLocaleString('en')})`

const log = await CommitLog.open({ disk: nodeDisk(join(folder, 'log')) })
const subjects = { raw: raw(join(folder, 'raw')), log: () => log.append(1, body) }
const wanted = process.argv.slice(2).map(Number)
for (const inFlight of wanted.length > 0 ? wanted : [1, 16, 256, 4096]) {
  const rates: Record<keyof typeof subjects, number[]> = { raw: [], log: [] }
  for (let round = 0; round < ROUNDS; round++) {
    rates.raw.push(await rate(subjects.raw, inFlight))
    rates.log.push(await rate(subjects.log, inFlight))
  }
  const ratios = rates.log.map((rate, round) => rate / (rates.raw[round] as number))
  console.log(
    `${inFlight} in flight: raw ${show(rates.raw)}, log ${show(rates.log)}, ratio ${median(ratios).toFixed(2)}`,
  )
}
await log.close()
rmSync(folder, { recursive: true })
process.exit()
