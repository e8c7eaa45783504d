import type { SimDisk } from '@pluribus/commit-log/testing'
import { describe, expect, test } from 'vitest'
import { readMessage } from '../src/codec.js'
import type { FolderLink } from '../src/folder.js'
import {
  drain,
  idOf,
  idsOf,
  message,
  open,
  publish,
  ready,
  restart,
  SUBSCRIPTION,
  spec,
  TOPIC,
  topicSpec,
} from './kit.js'

const MINUTE = 60_000
const MEBIBYTE = 1_024 * 1_024
const LARGE = 'x'.repeat(500)

const history = async (link: FolderLink, from: Parameters<FolderLink['history']>[1] = 'earliest') => {
  const ids: string[] = []
  for (let page = await link.history(TOPIC, from); page.length > 0; ) {
    ids.push(...page.map(({ bytes }) => idOf(bytes)))
    page = await link.history(TOPIC, { after: page.at(-1)?.position ?? 0 })
  }
  return ids
}

const checkpoints = ({ paths }: SimDisk) => paths.filter(path => path.startsWith('checkpoints/'))

const many = (link: FolderLink, prefix: string, count: number) =>
  link.publish(Array.from({ length: count }, (_, index) => message(`${prefix}${index}`, { payload: LARGE })))

describe('retention', () => {
  test('by age takes what is handled, and nothing else, also after a restart', async () => {
    const first = await ready()
    await first.link.declare([topicSpec(TOPIC, { age: MINUTE })], [])
    await publish(first, 'a', 'b', 'c')
    const { deliveries } = await first.link.pull(first.source, 2)
    await first.link.settle(first.source, { acks: deliveries.map(({ token }) => token), others: [] })
    first.clock.pass(MINUTE / 2)
    expect(await first.link.maintain()).toBe(MINUTE / 2)
    expect(await history(first.link)).toEqual(['a', 'b', 'c'])
    first.clock.pass(MINUTE)
    await first.link.maintain()
    expect(await history(first.link)).toEqual(['c'])
    const second = await restart(first)
    expect(await history(second.link)).toEqual(['c'])
    expect(await drain(second.link)).toEqual(['c'])
  })

  test('by bytes keeps the latest', async () => {
    const { link } = await ready()
    await link.declare([topicSpec(TOPIC, { bytes: 1_500 })], [])
    await many(link, 'm', 10)
    await drain(link)
    await link.maintain()
    expect(await history(link)).toEqual(['m7', 'm8', 'm9'])
  })

  test('a trim answers how many went, and leaves what is dead', async () => {
    const { link, source, clock } = await ready()
    await publish({ link }, 'a', 'b')
    const { deliveries } = await link.pull(source, 2)
    const [dead, acked] = deliveries.map(({ token }) => token) as [number, number]
    const reject = { kind: 'reject', token: dead, reason: 'EXHAUSTED', attempts: 1, errors: [] } as const
    await link.settle(source, { acks: [acked], others: [reject] })
    clock.pass(1)
    expect(await link.trim(TOPIC, clock.now())).toBe(1)
    expect(await history(link)).toEqual(['a'])
    expect(await link.discard({ subscription: SUBSCRIPTION })).toBe(1)
    expect(await link.trim(TOPIC, clock.now())).toBe(1)
    expect(await history(link)).toEqual([])
  })
})

test('a page of dead letters has few bytes, and the pages have all', async () => {
  const { link, source } = await ready()
  const ids = Array.from({ length: 12 }, (_, index) => `m${index}`)
  for (const id of ids) await link.publish([message(id, { payload: 'x'.repeat(MEBIBYTE) })])
  const { deliveries } = await link.pull(source, 12)
  const others = deliveries.map(
    ({ token }) => ({ kind: 'reject', token, reason: 'NO', attempts: 1, errors: [] }) as const,
  )
  await link.settle(source, { acks: [], others })
  const pages: string[][] = []
  for (let after = 0; ; ) {
    const page = await link.deadLetters({ subscription: SUBSCRIPTION }, after)
    if (page.length === 0) break
    pages.push(page.map(({ message }) => idOf(message)))
    after = page.at(-1)?.number as number
  }
  expect(pages.flat()).toEqual(ids)
  expect(Math.max(...pages.map(page => page.length))).toBeLessThan(6)
})

describe('room on the disk', () => {
  test('what nobody wants goes, a segment at a time', async () => {
    const { link, disk } = await ready()
    await link.declare([topicSpec(TOPIC, { bytes: 1_000 })], [])
    for (let round = 0; round < 10; round++) {
      await many(link, `m${round}-`, 10)
      await drain(link)
      await link.maintain()
    }
    const segments = disk.paths.filter(path => path.startsWith('segments/'))
    expect(segments.length).toBeLessThan(4)
  })

  test('one message that nobody handles does not keep the log: it is copied forward, as is a dead letter', async () => {
    const first = await ready()
    await first.link.declare([topicSpec(TOPIC, { bytes: 1_000 })], [spec({ name: 'slow' })])
    await publish(first, 'kept', 'dead')
    const slow = await first.link.open({ topic: TOPIC, name: 'slow' }, { lease: 1_000_000, consumer: undefined })
    const { deliveries } = await first.link.pull(slow.source, 2)
    const reject = {
      kind: 'reject',
      token: deliveries[1]?.token as number,
      reason: 'NO',
      attempts: 1,
      errors: [],
    } as const
    await first.link.settle(slow.source, { acks: [], others: [reject] })
    const consumer = await first.link.open({ topic: TOPIC, name: 'slow' }, { lease: 1_000_000, consumer: undefined })
    for (let round = 0; round < 20; round++) {
      await many(first.link, `m${round}-`, 10)
      await drain(first.link, first.source)
      await drain(first.link, consumer.source)
      await first.link.maintain()
    }
    const segments = first.disk.paths.filter(path => path.startsWith('segments/'))
    expect(segments).not.toContain('segments/00000001-0000000000000001.log')
    expect(segments.length).toBeLessThan(12)
    const query = { subscription: { topic: TOPIC, name: 'slow' } }
    const check = async (link: FolderLink) => {
      const [entry] = await link.deadLetters(query, 0)
      expect(idOf(entry?.message as Buffer)).toBe('dead')
      expect((await history(link)).slice(0, 2)).toEqual(['kept', 'dead'])
    }
    await check(first.link)
    const second = await restart(first)
    await check(second.link)
    const source = await open(second.link)
    expect((await second.link.pull(source, 1)).deliveries).toEqual([])
    const again = await second.link.open({ topic: TOPIC, name: 'slow' }, { lease: 1_000, consumer: undefined })
    expect(idsOf((await second.link.pull(again.source, 9)).deliveries)).toEqual(['kept'])
  })
})

describe('a checkpoint', () => {
  test('is made by itself, and a folder opens from it as from its records', async () => {
    const first = await ready({ checkpointBytes: 1_000 })
    await first.link.publish([
      message('a', { key: 'k' }),
      message('b', { delay: 5_000 }),
      message('c', { priority: 2 }),
    ])
    for (let round = 0; round < 5; round++) await many(first.link, `m${round}-`, 3)
    await first.link.pull(first.source, 1)
    const second = await restart(first)
    expect(second.disk.paths.some(path => path.startsWith('checkpoints/'))).toBe(true)
    expect((await history(second.link)).length).toBe(18)
    const source = await open(second.link)
    expect((await second.link.pull(source, 1)).deliveries).toMatchObject([{ losses: 1 }])
    second.clock.pass(5_000)
    expect((await drain(second.link, source)).at(-1)).toBe('b')
  })

  test('is left behind by a folder that is closed in good order, unless little came behind the last one', async () => {
    const first = await ready({ checkpointBytes: Number.MAX_SAFE_INTEGER, limits: { reserveBytes: 0 } })
    await publish(first, 'a')
    await first.folder.close()
    const second = await restart(first, 'process', { checkpointBytes: Number.MAX_SAFE_INTEGER })
    expect(checkpoints(second.disk)).toEqual([])
    await second.link.publish([message('b', { payload: 'x'.repeat(300_000) }), message('c')])
    await second.folder.close()
    const third = await restart(second)
    expect(checkpoints(third.disk)).toHaveLength(1)
    expect(await drain(third.link)).toEqual(['a', 'b', 'c'])
  })

  test('that cannot be stored does not keep a folder from being closed', async () => {
    const first = await ready({ checkpointBytes: Number.MAX_SAFE_INTEGER, limits: { reserveBytes: 0 } })
    await first.link.publish([message('a', { payload: 'x'.repeat(300_000) })])
    first.disk.fault = ({ kind }) => (kind === 'create' ? 'EIO' : undefined)
    await first.folder.close()
    first.disk.fault = () => undefined
    const second = await restart(first)
    expect(checkpoints(second.disk)).toEqual([])
    expect(await drain(second.link)).toEqual(['a'])
  })

  test('ends where it says: the one record behind it is read', async () => {
    const first = await ready({ checkpointBytes: 1 })
    await many(first.link, 'before', 3)
    await expect.poll(() => checkpoints(first.disk).length).toBeGreaterThan(0)
    const made = checkpoints(first.disk)
    await publish(first, 'behind')
    const second = await restart(first)
    // It is that checkpoint that the folder was opened from.
    expect(checkpoints(second.disk)).toEqual(made)
    expect(await history(second.link)).toEqual(['before0', 'before1', 'before2', 'behind'])
    expect(await drain(second.link)).toEqual(['before0', 'before1', 'before2', 'behind'])
  })

  test('with nothing behind it is followed by the next one all the same, and what nobody wants goes', async () => {
    const first = await ready()
    await first.link.declare([topicSpec(TOPIC, { bytes: 1 })], [])
    await many(first.link, 'm', 20)
    await drain(first.link, first.source)
    await first.link.maintain()
    const second = await restart(first)
    const segments = () => second.disk.paths.filter(path => path.startsWith('segments/'))
    const before = segments()
    expect(await second.link.maintain()).toBeGreaterThan(0)
    expect(segments()).toEqual(before.slice(-1))
    await publish(second, 'next')
    const third = await restart(second)
    expect(await history(third.link)).toEqual(['next'])
  })
})

describe('a backlog', () => {
  test('is read from the disk where it is larger than what is kept in memory', async () => {
    const first = await ready({ cacheBytes: 2_000 })
    await many(first.link, 'm', 200)
    await first.link.publish([message('last', { payload: 'ä'.repeat(9_000) })])
    const wanted = [...Array.from({ length: 200 }, (_, index) => `m${index}`), 'last']
    const second = await restart(first, 'process', { cacheBytes: 2_000 })
    const source = await open(second.link)
    const drained: string[] = []
    for (;;) {
      const { deliveries } = await second.link.pull(source, 17)
      if (deliveries.length === 0) break
      for (const { bytes } of deliveries) {
        const { id, payload } = readMessage(TOPIC, bytes)
        expect(payload).toBe(id === 'last' ? 'ä'.repeat(9_000) : LARGE)
        drained.push(id)
      }
      await second.link.settle(source, { acks: deliveries.map(({ token }) => token), others: [] })
    }
    expect(drained).toEqual(wanted)
  })
})
