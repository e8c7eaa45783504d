import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LogSnapshot, nodeDisk } from '@pluribus/commit-log'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { dayOf, folderOf } from '../src/export/file-name.js'
import { type ExportOptions, exportFolder } from '../src/index.js'
import { LocalFolder, type LocalFolderOptions } from '../src/live/local-folder.js'
import { connect, drain, EPOCH, environment, failure, HandClock, message, open, spec, TOPIC, topicSpec } from './kit.js'

const DAY = 86_400_000
const PAYMENTS = 'payments.taken'

let home = ''
let dir = ''
let to = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'pluribus-file-export-'))
  dir = join(home, 'broker')
  to = join(home, 'out')
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

/** A broker in the folder, in small files. */
async function used(options: Partial<LocalFolderOptions> = {}) {
  const clock = new HandClock()
  const disk = nodeDisk(dir)
  await disk.makeFolder('')
  const limits = { segmentBytes: 8_192, reserveBytes: 0 }
  const folder = await LocalFolder.open({ disk, environment: environment(clock), window: 60_000, limits, ...options })
  const link = await connect(folder, 'a')
  await link.declare([topicSpec(), topicSpec(PAYMENTS)], [spec(), spec({ name: 'shipping' })])
  return { clock, folder, link }
}

type Line = Readonly<Record<string, unknown>> & { readonly id: string; readonly position: number }

const linesOf = (...path: readonly string[]): readonly Line[] =>
  readFileSync(join(to, ...path), 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Line)

const run = (options: Partial<ExportOptions> = {}) => exportFolder({ dir, to, ...options })

test('a line for each message, in a file for each topic and day, with all that its publisher has said', async () => {
  const { link, folder } = await used()
  await link.publish([
    message('a', { key: 'k', priority: 3, headers: { tenant: 'é\n' }, correlationId: 'root', causationId: 'cause' }),
    message('b', {
      contentType: 'application/json',
      payload: '{"total":12345678901234567890,\n"n":1.0}',
      time: EPOCH + DAY,
    }),
    message('c', { payload: new Uint8Array([0, 255, 10]), contentType: 'application/octet-stream', version: 7 }),
    message('d', { topic: PAYMENTS, contentType: 'application/json', payload: 'no JSON' }),
    message('e', {
      topic: PAYMENTS,
      contentType: 'application/vnd.x+json; charset=utf-8',
      payload: Buffer.from('[1]'),
    }),
    message('f', { topic: PAYMENTS, time: Number.NaN }),
  ])
  await folder.close()
  expect(await run()).toEqual({
    topics: [
      { topic: TOPIC, messages: 3, deadLetters: 0 },
      { topic: PAYMENTS, messages: 3, deadLetters: 0 },
    ],
    ...{ damage: [], absent: [], brokenCheckpoints: [], nameless: 0 },
  })
  const [first, third] = linesOf('messages', TOPIC, '2001-09-09.jsonl')
  expect(first).toEqual({
    ...{ topic: TOPIC, position: 1, id: 'a', key: 'k', priority: 3, source: 'test', version: 1 },
    ...{ time: '2001-09-09T01:46:40.000Z', stored: '2001-09-09T01:46:45.000Z' },
    ...{ correlationId: 'root', causationId: 'cause', headers: { tenant: 'é\n' } },
    ...{ contentType: 'text/plain', encoding: 'text', data: 'payload of a' },
    subscriptions: [
      { subscription: 'billing', state: 'waiting' },
      { subscription: 'shipping', state: 'waiting' },
    ],
  })
  expect(third).toMatchObject({ id: 'c', key: null, correlationId: null, version: 7, encoding: 'base64', data: 'AP8K' })
  const next = readFileSync(join(to, 'messages', TOPIC, '2001-09-10.jsonl'), 'utf8')
  expect(next).toContain('"encoding":"json","data":{"total":12345678901234567890, "n":1.0},"subscriptions"')
  expect(linesOf('messages', PAYMENTS, '2001-09-09.jsonl')).toMatchObject([
    { id: 'd', encoding: 'text', data: 'no JSON', subscriptions: [] },
    { id: 'e', encoding: 'json', data: [1] },
  ])
  expect(linesOf('messages', PAYMENTS, 'undated.jsonl')).toMatchObject([{ id: 'f', time: null }])
})

test('how each message stands with each subscription, and dead letters with their errors', async () => {
  const { link, folder } = await used()
  await link.publish([...'abcdef'].map(id => message(id)))
  await link.publish([message('later', { delay: 9_000 })])
  const source = await open(link)
  const { deliveries } = await link.pull(source, 5)
  const [a, b, c, d] = deliveries.map(({ token }) => token) as [number, number, number, number]
  const reject = { kind: 'reject', reason: 'EXHAUSTED', attempts: 2, errors: [failure(1), failure(2)] } as const
  await link.settle(source, {
    acks: [a],
    others: [
      { kind: 'retry', token: b, delay: 500, error: failure(1) },
      { kind: 'release', token: c },
      { token: d, ...reject },
    ],
  })
  await folder.fail(new Error('The process is killed.'))
  await folder.over
  expect(await run()).toMatchObject({ topics: [{ topic: TOPIC, messages: 7, deadLetters: 1 }, { topic: PAYMENTS }] })
  const standing = (name: string) =>
    linesOf('messages', TOPIC, '2001-09-09.jsonl').map(({ subscriptions }) =>
      (subscriptions as readonly { readonly subscription: string }[]).find(({ subscription }) => subscription === name),
    )
  expect(standing('billing')).toEqual([
    { subscription: 'billing', state: 'done' },
    { subscription: 'billing', state: 'retrying', dueIn: 500, failures: 1, losses: 0, errors: [failure(1)] },
    { subscription: 'billing', state: 'waiting' },
    { subscription: 'billing', state: 'dead' },
    { subscription: 'billing', state: 'taken', takenBy: 'a' },
    { subscription: 'billing', state: 'waiting' },
    { subscription: 'billing', state: 'scheduled', dueIn: 9_000 },
  ])
  expect(
    standing('shipping')
      .slice(0, 6)
      .every(found => (found as { state?: string }).state === 'waiting'),
  ).toBe(true)
  const [dead] = readdirSync(join(to, 'dead-letters', TOPIC))
  expect(linesOf('dead-letters', TOPIC, dead as string)).toEqual([
    {
      ...{ topic: TOPIC, position: 4, subscription: 'billing', time: '2001-09-09T01:46:45.000Z' },
      ...{ reason: 'EXHAUSTED', attempts: 2, losses: 0, errors: [failure(1), failure(2)] },
    },
  ])
})

test('what is kept is exported once, wherever it stands in the log; what is not kept is not', async () => {
  const { link, folder } = await used({ checkpointBytes: 2_000 })
  const payload = 'x'.repeat(500)
  const many = (prefix: string) =>
    link.publish(Array.from({ length: 40 }, (_, index) => message(`${prefix}${index}`, { payload })))
  await many('first')
  const source = await open(link)
  const { deliveries } = await link.pull(source, 1)
  const token = deliveries[0]?.token as number
  await link.settle(source, { acks: [], others: [{ kind: 'reject', token, reason: 'NO', attempts: 1, errors: [] }] })
  await link.closeSource(source)
  await drain(link)
  await link.removeSubscription({ topic: TOPIC, name: 'shipping' })
  // Everything but the dead letter goes, which is copied forward until its first record is gone.
  for (let round = 0; round < 10; round++) {
    await many(`round${round}-`)
    await drain(link)
    await link.trim(TOPIC, Number.POSITIVE_INFINITY)
    await link.maintain()
  }
  await many('last')
  const kept: number[] = []
  for (let page = await link.history(TOPIC, 'earliest'); page.length > 0; ) {
    kept.push(...page.map(({ position }) => position))
    page = await link.history(TOPIC, { after: page.at(-1)?.position ?? 0 })
  }
  await folder.close()
  expect(readdirSync(join(dir, 'segments')).every(name => !name.startsWith('0000000000000001'))).toBe(true)
  const { topics, damage } = await run()
  expect([topics[0], damage]).toEqual([{ topic: TOPIC, messages: 41, deadLetters: 1 }, []])
  const positions = linesOf('messages', TOPIC, '2001-09-09.jsonl').map(({ position }) => position)
  expect(positions.toSorted((a, b) => a - b)).toEqual(kept)
}, 60_000)

test('a folder that is in use is exported as it was at one moment, and nobody is held up', async () => {
  const { link, folder } = await used({ checkpointBytes: 4_000 })
  const payload = 'x'.repeat(300)
  const stored = new Set<string>()
  const publish = async (id: string) => {
    await link.publish([message(id, { payload })])
    stored.add(id)
  }
  for (let number = 0; number < 60; number++) await publish(`before-${number}`)
  const before = new Set(stored)
  let isOver = false
  const goOn = async () => {
    for (let number = 0; !isOver; number++) {
      await publish(`meanwhile-${number}`)
      if (number % 20 === 0) await link.maintain()
    }
  }
  const going = goOn()
  for (let round = 0; round < 3; round++) {
    const { damage } = await run({ to: `${to}${round}` })
    expect(damage).toEqual([])
    const lines = readFileSync(join(`${to}${round}`, 'messages', TOPIC, '2001-09-09.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
    const ids = lines.map(line => (JSON.parse(line) as Line).id)
    expect(new Set(ids).size).toBe(ids.length)
    expect([...before].filter(id => !ids.includes(id))).toEqual([])
    for (const id of stored) before.add(id)
  }
  isOver = true
  await going
  await folder.close()
}, 120_000)

test('a segment that is removed while it is read has it read anew, a few times', async () => {
  const { link, folder } = await used()
  await link.publish([message('a')])
  await folder.close()
  const gone = Object.assign(new Error('no such file'), { code: 'ENOENT' })
  const read = vi.spyOn(LogSnapshot.prototype, 'read').mockRejectedValueOnce(gone)
  try {
    expect((await run()).topics[0]).toMatchObject({ messages: 1 })
    read.mockRejectedValue(gone)
    await expect(run({ to: `${to}2` })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  } finally {
    read.mockRestore()
  }
  expect(readdirSync(home).sort()).toEqual(['broker', 'out'])
})

describe('damage', () => {
  const flip = (path: string, at: number) => {
    const bytes = readFileSync(path)
    bytes[at] = (bytes[at] as number) ^ 1
    writeFileSync(path, bytes)
  }

  test('is told with its ranges, and all that is left is exported', async () => {
    const { link, folder } = await used()
    for (let number = 0; number < 20; number++) await link.publish([message(`m${number}`)])
    await folder.close()
    const [segment] = readdirSync(join(dir, 'segments')).sort()
    flip(join(dir, 'segments', segment as string), 2_000)
    const { damage, topics } = await run()
    expect(damage).toMatchObject([{ kind: 'batches' }])
    expect(damage.map(({ first, next }) => next - first)).toEqual([1])
    expect(topics[0]).toMatchObject({ topic: TOPIC, messages: 19 })
    const report = JSON.parse(readFileSync(join(to, 'report.json'), 'utf8'))
    expect(report).toMatchObject({ format: 1, damage, topics })
  })

  test('that takes the name of a topic leaves its messages', async () => {
    const { link, folder } = await used()
    await link.publish([message('a'), message('b')])
    await folder.close()
    const [segment] = readdirSync(join(dir, 'segments')).sort()
    flip(join(dir, 'segments', segment as string), 200)
    const { nameless, damage, topics } = await run()
    expect([nameless, damage.length, topics]).toEqual([2, 1, []])
    expect(linesOf('messages', '_1', '2001-09-09.jsonl')).toMatchObject([
      { topic: null, id: 'a', subscriptions: [] },
      { topic: null, id: 'b' },
    ])
  })
})

describe('nothing is overwritten, nothing half written stays', () => {
  const published = async () => {
    const { link, folder } = await used()
    await link.publish([message('a')])
    await folder.close()
  }
  const filesOf = (folder: string) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .sort()
      .map(name => `${name} ${statSync(join(folder, name)).mtimeMs}`)

  test('the folder is only read', async () => {
    await published()
    const before = filesOf(dir)
    await run()
    expect(filesOf(dir)).toEqual(before)
  })

  test('what is there already is refused, whatever it is', async () => {
    await published()
    await run()
    const before = filesOf(to)
    await expect(run()).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining(to) })
    expect(filesOf(to)).toEqual(before)
    expect(readdirSync(home).sort()).toEqual(['broker', 'out'])
  })

  test('a place within the folder is refused, and so is a folder without a log', async () => {
    await published()
    await expect(run({ to: join(dir, 'out') })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(run({ to: dir })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
    await expect(run({ dir: join(home, 'none') })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(readdirSync(home)).toEqual(['broker'])
  })

  test('an export that is aborted leaves nothing', async () => {
    await published()
    const abort = new AbortController()
    const seen: string[] = []
    const progress: ExportOptions['progress'] = ({ step, read, total }) => {
      if (step === 2) seen.push(...readdirSync(home).filter(name => name.startsWith('out')))
      if (step === 2 && read === total) abort.abort()
    }
    await expect(run({ signal: abort.signal, progress })).rejects.toMatchObject({ code: 'ABORTED' })
    expect(seen.at(-1)).toMatch(/^out\.unfinished-[0-9a-f]{8}$/)
    expect(readdirSync(home)).toEqual(['broker'])
  })

  test.skipIf(process.platform === 'win32')('what it writes is for this user alone', async () => {
    await published()
    await run()
    const modes = ['.', 'messages', `messages/${TOPIC}/2001-09-09.jsonl`].map(
      name => statSync(join(to, name)).mode & 0o777,
    )
    expect(modes).toEqual([0o700, 0o700, 0o600])
  })
})

test('names and days that are none are no part of a path', () => {
  expect(folderOf('orders.placed', 3)).toBe('orders.placed')
  for (const strange of ['..', '../x', 'a/b', 'A', '', 'a..b', 'x'.repeat(101), '_1'])
    expect(folderOf(strange, 3)).toBe('_3')
  expect(dayOf(EPOCH)).toBe('2001-09-09')
  for (const strange of [Number.NaN, Number.POSITIVE_INFINITY, 8.64e15, -8.64e15])
    expect(dayOf(strange)).toBe('undated')
})
