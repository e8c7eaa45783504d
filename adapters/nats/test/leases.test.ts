import { jetstreamManager } from '@nats-io/jetstream'
import { connect as connectClient } from '@nats-io/transport-node'
import type { Connection } from '@pluribus/core/driver'
import type { TestBroker } from '@pluribus/test-brokers'
import { expect, onTestFinished, test } from 'vitest'
import { nats } from '../src/index.js'
import { Names } from '../src/names.js'
import { ack, declared, environment, idsOf, message, onNats, open, prefix, publish, spec, TOPIC, take } from './kit.js'

const LEASE = 1_000
/** Longer than the server waits for a word of what it has handed out. */
const TOO_LONG = 2 * LEASE
const ERROR = { name: 'Error', message: 'once', attempt: 1, time: 0 }

/** An adapter whose process may stand still. */
function sleeper(server: TestBroker) {
  let slept = 0
  const adapter = nats({ servers: `127.0.0.1:${server.port}`, prefix: prefix() })
  const connect = async (): Promise<Connection> => {
    const connection = await adapter.connect(
      environment('a', () => slept),
      { lost() {} },
    )
    onTestFinished(() => connection.close())
    await connection.declare([{ name: TOPIC, partitions: 1, retention: {} }], [spec()])
    return connection
  }
  const sleep = (ms: number) => {
    slept += ms
  }
  return { connect, sleep }
}

const tokensOf = (deliveries: readonly { readonly token: object | string | number }[]) =>
  deliveries.map(({ token }) => token)

onNats('leases', server => {
  test('a renewal that the server has not heard in time is told as lost', async () => {
    const connection = await declared(server())
    onTestFinished(() => connection.close())
    const source = await open(connection, 'billing', LEASE)
    await publish(connection, message('a'))
    const held = await take(source, 1)
    await server().freeze()
    const began = performance.now()
    const passed = () => performance.now() - began
    await expect.poll(passed).toBeGreaterThan(LEASE / 3)
    const renewing = source.source.renew?.(held)
    await expect.poll(passed, { timeout: 10_000 }).toBeGreaterThan(TOO_LONG)
    await server().thaw()
    expect(await renewing).toEqual(tokensOf(held))
    expect(await ack(source, held)).toEqual(held.map(({ token }) => ({ token, kind: 'stale' })))
    expect(idsOf(await take(source, 1))).toEqual(['a'])
  })

  test('an acknowledgement that the server has read too late may have counted, or not', async () => {
    const connection = await declared(server())
    onTestFinished(() => connection.close())
    const source = await open(connection, 'billing', LEASE)
    await publish(connection, message('a'), message('b'))
    const held = await take(source, 2)
    expect(await ack(source, held.slice(1))).toEqual([])
    await server().freeze()
    const began = performance.now()
    const acking = ack(source, held.slice(0, 1))
    await expect.poll(() => performance.now() - began, { timeout: 10_000 }).toBeGreaterThan(TOO_LONG)
    await server().thaw()
    expect(await acking).toMatchObject([{ token: held[0]?.token, kind: 'failed', error: { code: 'UNAVAILABLE' } }])
    expect(await ack(source, held.slice(0, 1))).toEqual([{ token: held[0]?.token, kind: 'stale' }])
  })

  test('what comes again while it is acknowledged is not handed out again', async () => {
    const names = { prefix: prefix() }
    const connection = await declared(server(), names)
    onTestFinished(() => connection.close())
    const source = await open(connection, 'billing', LEASE)
    await publish(connection, message('a'))
    const held = await take(source, 1)
    expect((await source.source.pull(1)).deliveries).toEqual([])
    const other = await connectClient({ port: server().port })
    onTestFinished(() => other.close())
    const consumers = (await jetstreamManager(other)).consumers
    const consumer = () => consumers.info(new Names(names.prefix).stream(TOPIC), 'billing')
    // The server hands it out again before it reads what is said of it here; this process reads that later.
    const { reply } = tokensOf(held)[0] as unknown as { readonly reply: string }
    other.publish(reply, '-NAK')
    await other.flush()
    const end = performance.now() + 100
    while (performance.now() < end);
    expect(await ack(source, held)).toEqual([])
    expect((await consumer()).delivered.consumer_seq).toBe(2)
    expect((await source.source.pull(1)).deliveries).toEqual([])
    await expect.poll(async () => (await consumer()).num_ack_pending).toBe(0)
    expect(source.wakes).toBe(0)
  })

  test('a renewal that the server has heard keeps what is held for another lease', async () => {
    const connection = await declared(server())
    onTestFinished(() => connection.close())
    const source = await open(connection, 'billing', LEASE)
    await publish(connection, message('a'))
    const held = await take(source, 1)
    expect(await source.source.renew?.(held)).toEqual([])
    expect(await ack(source, held)).toEqual([])
  })

  test('what arrived before this process stood still for too long is handed out by nobody, and comes again', async () => {
    const { connect, sleep } = sleeper(server())
    const connection = await connect()
    const source = await open(connection, 'billing', LEASE)
    expect((await source.source.pull(1)).deliveries).toEqual([])
    await publish(connection, message('a'))
    await expect.poll(() => source.wakes).toBe(1)
    sleep(TOO_LONG)
    expect((await source.source.pull(1)).deliveries).toEqual([])
    const [again] = await take(source, 1)
    expect(again).toMatchObject({ message: { id: 'a' }, attempt: 1, losses: 0 })
  })

  test('what core held while this process stood still for too long cannot be settled', async () => {
    const { connect, sleep } = sleeper(server())
    const connection = await connect()
    const source = await open(connection, 'billing', LEASE)
    await publish(connection, message('a'))
    const held = await take(source, 1)
    sleep(TOO_LONG)
    expect(await ack(source, held)).toEqual(held.map(({ token }) => ({ token, kind: 'stale' })))
  })

  test.each([
    ['in time', 0, 2],
    ['too late', TOO_LONG, 0],
  ])('the next source that comes %s takes over what is still ours', async (_, late, transferred) => {
    const { connect, sleep } = sleeper(server())
    const first = await connect()
    const before = await open(first, 'billing', LEASE, { id: 1, generation: 1 })
    await publish(first, message('a'), message('b'))
    await take(before, 2)
    await first.close()
    sleep(late)
    const after = await open(await connect(), 'billing', LEASE, { id: 1, generation: 2 })
    expect(after.source.transferred).toBe(transferred)
    const again = await take(after, 2)
    expect(idsOf(again)).toEqual(['a', 'b'])
    expect(again.map(({ losses }) => losses)).toEqual([0, 0])
    expect(await ack(after, again)).toEqual([])
  })

  test('of a server that was killed nothing is taken over, and what is stored of a message counts', async () => {
    const { connect } = sleeper(server())
    const first = await connect()
    const before = await open(first, 'billing', LEASE, { id: 1, generation: 1 })
    await publish(first, message('a'), message('b'))
    const [failed] = await take(before, 2)
    const retry = { kind: 'retry', token: failed?.token as object, delay: 0, error: ERROR } as const
    expect(await before.source.settle({ acks: [], others: [retry] })).toEqual([])
    await server().kill()
    await server().start()
    const after = await open(await connect(), 'billing', LEASE, { id: 1, generation: 2 })
    expect(after.source.transferred).toBe(0)
    const again = await take(after, 2)
    const attempts = again.map(({ message: { id }, attempt }) => [id, attempt])
    expect(attempts.toSorted()).toEqual([
      ['a', 2],
      ['b', 1],
    ])
  })

  test('what the server hands out again while it is held is told as lost, before it is handed out once more', async () => {
    const own = prefix()
    const connection = await declared(server(), { prefix: own })
    onTestFinished(() => connection.close())
    const source = await open(connection)
    await publish(connection, message('a'))
    const held = await take(source, 1)
    expect((await source.source.pull(1)).deliveries).toEqual([])
    const client = await connectClient({ servers: `127.0.0.1:${server().port}` })
    onTestFinished(() => client.close())
    client.publish(`$JS.ACK.${own}_t_orders_placed.billing.1.1.1.0.0`, '-NAK')
    await expect.poll(() => source.lost).toEqual(tokensOf(held))
    const [again] = await take(source, 1)
    expect(again).toMatchObject({ message: { id: 'a' }, attempt: 1, losses: 0 })
    expect(await ack(source, held)).toEqual(held.map(({ token }) => ({ token, kind: 'stale' })))
    expect(await ack(source, again === undefined ? [] : [again])).toEqual([])
  })
})
