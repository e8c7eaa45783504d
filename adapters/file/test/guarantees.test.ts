import type { SimDisk } from '@pluribus/commit-log/testing'
import { survivalTables } from '@pluribus/conformance'
import { describe, expect, test } from 'vitest'
import { classify } from '../src/errors.js'
import { furnished, KEPT } from './furnished.js'
import { type Bench, bench, idsOf, message, open, publish, restart } from './kit.js'

/** What befalls a furnished folder. Answers the folder as it is afterwards. */
const MISHAPS: Readonly<Record<string, () => Promise<Pick<Bench, 'link' | 'clock'>>>> = {
  'the process is killed': async () => restart(await furnished(), 'process'),
  'the power fails': async () => restart(await furnished(), 'power'),
  'the process is killed, and there is a checkpoint': async () =>
    restart(await furnished({ checkpointBytes: 200 }), 'process'),
  'the disk fails once': async () => {
    const folder = await furnished()
    let left = 1
    folder.disk.fault = ({ kind }) => (kind === 'sync' && left-- > 0 ? 'EIO' : undefined)
    expect(await publish(folder, 'stored elsewhere')).toEqual([])
    expect(left).toBeLessThan(1)
    return folder
  },
  'the disk fails twice': async () => {
    const folder = await furnished()
    folder.disk.fault = ({ kind }) => (kind === 'sync' || kind === 'write' ? 'EIO' : undefined)
    expect(await publish(folder, 'lost')).toMatchObject([{ kind: 'failed', outcome: 'unknown' }])
    await folder.folder.over
    return restart(folder, 'process', { instance: 'a' })
  },
  'the disk is full': async () => {
    const folder = await furnished({ limits: { segmentBytes: 8_192, reserveBytes: 40_000 } })
    fill(folder.disk)
    await refused(folder)
    return folder
  },
  'the disk was full': async () => {
    const folder = await furnished({ limits: { segmentBytes: 8_192, reserveBytes: 40_000 } })
    fill(folder.disk)
    await refused(folder)
    folder.disk.capacity = Number.POSITIVE_INFINITY
    return restart(folder, 'process')
  },
  'a bit flips': async () => {
    const folder = await furnished()
    await publish(folder, 'hit')
    await publish(folder, 'behind it')
    const disk = folder.disk.restart('process')
    flipBitOf(disk, 'payload of hit')
    const refusal = await bench({ disk, clock: folder.clock }).catch(error => error)
    expect(classify(refusal)).toEqual({ code: 'DECODING', retryable: false })
    return bench({ disk: disk.restart('process'), clock: folder.clock, instance: 'b', onDamage: 'quarantine' })
  },
}

/** Nothing more fits. */
function fill(disk: SimDisk): void {
  disk.capacity = disk.paths.reduce((sum, path) => sum + disk.contentOf(path).length, 0)
}

/** The first may still find room in the reserve; the next is refused at once. */
async function refused({ link }: Pick<Bench, 'link'>): Promise<void> {
  await link.publish([message('too much')])
  const [failure] = await link.publish([message('more')])
  expect(failure).toMatchObject({ kind: 'failed', outcome: 'definite', error: { code: 'FULL' } })
}

/** Alters what is stored of a text. */
function flipBitOf(disk: SimDisk, text: string): void {
  const path = disk.paths.find(path => path.startsWith('segments/') && disk.contentOf(path).includes(text))
  if (path === undefined) throw new Error(`Nowhere is stored: ${text}.`)
  const bytes = disk.contentOf(path)
  const at = bytes.indexOf(text)
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
  disk.overwrite(path, bytes)
}

describe.each(Object.entries(MISHAPS))('when %s', (_, befall) => {
  test.each(Object.entries(KEPT))('%s is as it was', async (_, check) => check(await befall()))
})

describe('a bit that flips', () => {
  test('takes what it hits, and nothing else, and both is told', async () => {
    const first = await furnished()
    await publish(first, 'hit')
    await publish(first, 'behind it')
    const disk = first.disk.restart('process')
    flipBitOf(disk, 'payload of hit')
    const { clock } = first
    const warned: unknown[] = []
    const logger = { debug() {}, info() {}, warn() {}, error: (fields: object) => void warned.push(fields) }
    const second = await bench({ disk, clock, logger, instance: 'b', onDamage: 'quarantine' })
    expect(warned).toMatchObject([
      { damage: [expect.anything()], quarantined: [expect.stringMatching(/^quarantine\//)] },
    ])
    const source = await open(second.link)
    expect(idsOf((await second.link.pull(source, 99)).deliveries)).toEqual(['slow', 'fast', 'out', 'behind it'])
  })

  test('while the folder is open is met when the message is read, which is not handed out', async () => {
    const folder = await furnished({ cacheBytes: 0 })
    await publish(folder, 'hit')
    await publish(folder, 'behind it')
    flipBitOf(folder.disk, 'payload of hit')
    const failure = await folder.link.pull(folder.source, 99).catch(error => error)
    expect(classify(failure)).toEqual({ code: 'DECODING', retryable: false })
  })

  test('in a checkpoint costs nothing: what is behind the one before is read instead', async () => {
    const first = await furnished({ checkpointBytes: 200 })
    const disk = first.disk.restart('process')
    const path = disk.paths
      .filter(path => path.startsWith('checkpoints/'))
      .sort()
      .at(-1)
    disk.flipBit(path as string)
    const second = await bench({ disk, clock: first.clock, instance: 'b' })
    await KEPT['a publish that has resolved']?.(second)
  })
})

describe('what the README says survives what', () => {
  const tables = survivalTables(new URL('..', import.meta.url))

  test('is about eight things and seven mishaps, three things of several processes, and five that befall a folder', () => {
    expect(tables.map(cells => cells.length)).toEqual([8 * 7, 3 * 4, 5 * 2])
  })

  test.each(tables.flat())('is shown by something: $thing, $mishap', ({ wrong }) => expect(wrong).toEqual([]))
})
