import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { explained } from '../src/errors.js'
import type { FolderLink } from '../src/folder.js'
import { folderService } from '../src/sharing/folder-service.js'
import { FollowedFolder } from '../src/sharing/followed-folder.js'
import { SocketClient } from '../src/socket/socket-client.js'
import { SocketServer } from '../src/socket/socket-server.js'
import {
  type Bench,
  bench,
  connect,
  drain,
  failure,
  idsOf,
  LEASE,
  message,
  open,
  publish,
  SUBSCRIPTION,
  spec,
  TOPIC,
  topicSpec,
} from './kit.js'
import { realEnvironment } from './socket-environment.js'

const TOKEN = 'f'.repeat(32)
const WINDOW = 60_000

let setup: Bench
let dir: string
let server: SocketServer
const followers: FollowedFolder[] = []

beforeEach(async () => {
  setup = await bench()
  dir = await mkdtemp(join(tmpdir(), 'pluribus-file-sharing-'))
  const options = { environment: realEnvironment, token: TOKEN, timeout: 5_000, verify: () => {}, explain: explained }
  server = await SocketServer.listen(join(dir, 's'), options)
  server.serve(folderService({ path: 'shop', folder: setup.folder, window: WINDOW, logger: realEnvironment.logger }))
})
afterEach(async () => {
  for (const follower of followers.splice(0)) await follower.close()
  await server.close()
  await rm(dir, { recursive: true, force: true })
})

/** Another process, as far as the folder can tell. */
async function follow(window = WINDOW): Promise<FollowedFolder> {
  let followed: FollowedFolder | undefined
  const client = await SocketClient.connect(join(dir, 's'), {
    environment: realEnvironment,
    token: TOKEN,
    timeout: 5_000,
    push: (name, argument) => followed?.push(name, argument),
    lost: cause => followed?.lose(cause),
  })
  followed = new FollowedFolder({ client, environment: realEnvironment, window })
  followers.push(followed)
  return followed
}

/** A connection of another process, with what it was told. */
async function guest(instance = 'guest') {
  const followed = await follow()
  const told: string[] = []
  const link = await connect(followed, instance, told)
  return { followed, link, told }
}

const declared = (link: FolderLink) => link.declare([topicSpec()], [spec()])

describe('through another process', () => {
  test('messages are published, handed out, marked, renewed, settled, found, redriven and counted', async () => {
    const { link } = await guest()
    await declared(link)
    expect(await link.topics()).toEqual(await setup.link.topics())
    expect(await link.subscriptions(TOPIC)).toEqual(await setup.link.subscriptions())
    expect(await link.publish([message('a'), message('b'), message('c')])).toEqual([])
    expect(await link.publish([message('d', { idSupplied: true })])).toEqual([])
    expect(await link.publish([message('d', { idSupplied: true })])).toEqual([{ index: 0, kind: 'duplicate' }])
    expect(await link.publishSequenced({ name: 'lane', epoch: 1 }, 1, [message('e')])).toBe(1)
    expect(await link.position('lane')).toBe(1)
    const source = await open(link)
    const { deliveries } = await link.pull(source, 3)
    expect(idsOf(deliveries)).toEqual(['a', 'b', 'c'])
    const [a = 0, b = 0, c = 0] = deliveries.map(({ token }) => token)
    await link.mark(source, a)
    expect(await link.renew(source, [a, 77])).toEqual([77])
    const dead = { kind: 'reject', token: b, reason: 'EXHAUSTED', attempts: 1, errors: [failure(1)] } as const
    const retried = { kind: 'retry', token: c, delay: 0, error: failure(1) } as const
    expect(await link.settle(source, { acks: [a, 77], others: [dead, retried] })).toEqual([77])
    expect(await link.counts(SUBSCRIPTION)).toEqual(await setup.link.counts(SUBSCRIPTION))
    const query = { subscription: SUBSCRIPTION }
    expect(await link.deadLetters(query, 0)).toEqual(await setup.link.deadLetters(query, 0))
    expect(await link.deadLetters(query, 0)).toHaveLength(1)
    expect(await link.redrive(query)).toEqual({ redriven: 1, missing: [] })
    expect(await link.find(TOPIC, 'a')).toEqual(await setup.link.find(TOPIC, 'a'))
    expect(await link.find(TOPIC, 'z')).toBeUndefined()
    expect(await link.history(TOPIC, 'earliest')).toEqual(await setup.link.history(TOPIC, 'earliest'))
    expect(await drain(link, source)).toEqual(['c', 'd', 'e', 'b'])
    expect(await link.maintain()).toBeGreaterThan(0)
    expect(await link.discard(query)).toBe(0)
    expect(await link.trim(TOPIC, 0)).toBe(0)
    await link.removeSubscription(SUBSCRIPTION)
    expect(await link.subscriptions()).toEqual([])
  })

  test('failures are what they are within one', async () => {
    const { link } = await guest()
    const [exception] = await link.publish([message('a', { topic: 'nowhere' })])
    expect(exception).toMatchObject({ kind: 'failed', outcome: 'definite', error: { code: 'NOT_FOUND' } })
    expect((exception as { error: unknown }).error).toBeInstanceOf(Error)
    await expect(open(link)).rejects.toMatchObject({ code: 'NOT_FOUND', details: { topic: TOPIC } })
    await expect(link.pull(9, 1)).rejects.toMatchObject({ code: 'CLOSED' })
  })

  test('what is larger than a frame arrives, and what it failed with has its place', async () => {
    const { link } = await guest()
    await declared(link)
    const payload = 'x'.repeat(9 * 1_024 * 1_024)
    const batch = ['a', 'b', 'c', 'd'].map(id => message(id, { payload }))
    const exceptions = await link.publish([...batch, message('e', { topic: 'nowhere' })])
    expect(exceptions).toMatchObject([{ index: 4, error: { code: 'NOT_FOUND' } }])
    const { deliveries } = await link.pull(await open(link), 9)
    expect(idsOf(deliveries)).toEqual(['a', 'b', 'c', 'd'])
  })

  test('a source is woken by what others publish, and told when its subscription goes', async () => {
    const { link, told } = await guest()
    await declared(link)
    const source = await open(link)
    expect((await link.pull(source, 1)).deliveries).toEqual([])
    await publish(setup, 'a')
    await expect.poll(() => told).toEqual([`wake ${source}`])
    await setup.link.removeSubscription(SUBSCRIPTION)
    await expect.poll(() => told).toEqual([`wake ${source}`, `ended ${source}: NOT_FOUND`])
  })
})

describe('a process that uses the folder of another', () => {
  test('and ends keeps what it held until its leases do', async () => {
    const { link, followed } = await guest()
    await declared(link)
    await publish(setup, 'a')
    await link.pull(await open(link), 1)
    await followed.close()
    setup.clock.pass(LEASE + 1)
    const source = await open(setup.link)
    await expect.poll(async () => idsOf((await setup.link.pull(source, 1)).deliveries)).toEqual(['a'])
  })

  test('and ends does not take the wake-ups of others with it', async () => {
    const { link, followed } = await guest()
    await declared(link)
    await link.pull(await open(link), 1)
    await followed.close()
    await expect.poll(() => server.clients).toBe(0)
    const source = await open(setup.link)
    await setup.link.pull(source, 1)
    await publish(setup, 'a')
    await expect.poll(() => setup.told).toEqual([`wake ${source}`])
  })

  test('has one socket, and none once its connections are closed', async () => {
    const { link, followed } = await guest()
    const other = await connect(followed, 'other')
    expect(server.clients).toBe(1)
    await link.close()
    await link.close()
    await expect(link.topics()).rejects.toMatchObject({ code: 'CLOSED' })
    expect(await other.topics()).toEqual([])
    await other.close()
    expect(followed.isOver).toBe(true)
    await expect.poll(() => server.clients).toBe(0)
  })

  test('with another window is refused, and not kept waiting', async () => {
    const followed = await follow(WINDOW + 1)
    await expect(connect(followed, 'a')).rejects.toMatchObject({ code: 'CONFLICT' })
    await followed.over
  })

  test('does not keep it open: it ends with the connections of the process that has it, and that is told once', async () => {
    const { told, link, followed } = await guest()
    await setup.link.close()
    await setup.folder.over
    await expect.poll(() => told).toEqual(['leaving', 'lost: UNAVAILABLE'])
    await followed.over
    await expect(link.topics()).rejects.toMatchObject({ code: 'CLOSED' })
    expect(told).toHaveLength(2)
  })

  test('and ends with something in its hands does not keep it open either', async () => {
    const { link, followed } = await guest()
    await declared(link)
    await publish(setup, 'a')
    const consumer = { id: 1, generation: 1 }
    const { source } = await link.open(SUBSCRIPTION, { lease: LEASE, consumer })
    await link.pull(source, 1)
    await followed.close()
    await expect.poll(() => server.clients).toBe(0)
    await setup.link.close()
    expect(setup.folder.isOver).toBe(true)
  })

  test('is told when that process cannot be reached any more, once for each connection', async () => {
    const { told, link, followed } = await guest()
    const other: string[] = []
    await connect(followed, 'other', other)
    const underway = link.topics().catch(error => error)
    await server.close()
    expect(await underway).toMatchObject({ code: 'UNAVAILABLE', outcome: 'unknown' })
    await followed.over
    expect([told, other]).toEqual([['lost: UNAVAILABLE'], ['lost: UNAVAILABLE']])
    await expect(connect(followed, 'late')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })
})
