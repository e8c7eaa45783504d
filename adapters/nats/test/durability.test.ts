import { truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect as connectClient } from '@nats-io/transport-node'
import type { Connection, Delivery, StoredDeadLetter, Timers } from '@pluribus/core/driver'
import type { TestBroker } from '@pluribus/test-brokers'
import { expect, onTestFinished, test } from 'vitest'
import { nats } from '../src/index.js'
import {
  ack,
  connect,
  declared,
  environment,
  historyOf,
  idsOf,
  message,
  onNats,
  open,
  prefix,
  publish,
  spec,
  TOPIC,
  take,
} from './kit.js'

const ERROR = { name: 'Error', message: 'once', attempt: 1, time: 0 }
const TOPICS = [{ name: TOPIC, partitions: 1, retention: {} }]
/** Milliseconds. */
const LEASE = 2_000
/** Those of a process that is over. */
const STOPPED = {
  setTimeout: () => 0,
  clearTimeout() {},
  setImmediate: () => 0,
  clearImmediate() {},
} as never as Timers
const BILLING = { topic: TOPIC, name: 'billing' }

async function deadOf(connection: Connection): Promise<readonly StoredDeadLetter[]> {
  const dead: StoredDeadLetter[] = []
  for await (const letter of connection.persistence.deadLetters({ subscription: BILLING })) dead.push(letter)
  return dead
}

/** Resolves when the server has surely written what it knows of deliveries: it does so ten times a second. */
async function written(): Promise<void> {
  const began = performance.now()
  await expect.poll(() => performance.now() - began, { timeout: 10_000 }).toBeGreaterThan(LEASE / 2)
}

/** Where a server keeps its streams. */
const stateOf = ({ port }: TestBroker) => join(tmpdir(), `pluribus-broker-${port}`, 'data/jetstream/$G')

/** What is noted of how far the subscription is handled. */
async function floorOf({ port }: TestBroker, prefix: string): Promise<unknown> {
  const client = await connectClient({ servers: `127.0.0.1:${port}` })
  const { streams } = await jetstreamManager(client)
  const subject = `${prefix}.s.orders_placed.billing.floor`
  const found = await streams.getMessage(`${prefix}_s_orders_placed`, { last_by_subj: subject })
  await client.close()
  return found?.json()
}

onNats('durability', server => {
  test('what the server has acknowledged survives its death, and so does what it knows of deliveries', async () => {
    const options = { prefix: prefix() }
    const first = await declared(server(), options)
    const source = await open(first)
    await publish(first, message('dead'), message('failed', { key: 'k' }), message('behind', { key: 'k' }))
    const [dead, failed] = await take(source, 2)
    const settled = await source.source.settle({
      acks: [],
      others: [
        { kind: 'reject', token: dead?.token as object, reason: 'NO', attempts: 1, errors: [ERROR] },
        { kind: 'retry', token: failed?.token as object, delay: 60_000, error: ERROR },
      ],
    })
    expect(settled).toEqual([])
    const acknowledged = ['dead', 'failed', 'behind']
    let isAlive = true
    const publishing = (async () => {
      for (let batch = 0; isAlive; batch++) {
        const messages = Array.from({ length: 100 }, (_, n) => message(`m${batch}-${n}`))
        const isStored = await first.publisher.publish(messages).then(
          found => found.length === 0,
          () => false,
        )
        if (!isStored) return
        acknowledged.push(...messages.map(({ id }) => id))
      }
    })()
    await expect.poll(() => acknowledged.length, { timeout: 10_000 }).toBeGreaterThan(1_000)
    await server().kill()
    isAlive = false
    await publishing
    await server().start()
    const second = await connect(server(), options)
    await second.declare(TOPICS, [spec()])
    expect(await historyOf(second)).toEqual(expect.arrayContaining(acknowledged))
    expect((await deadOf(second)).map(({ message: { id }, reason, errors }) => [id, reason, errors])).toEqual([
      ['dead', 'NO', [ERROR]],
    ])
    // The key is still closed: its first message waits for its retry.
    const [next] = await take(await open(second), 1)
    expect(next?.message.id).not.toBe('behind')
    await second.close()
    await first.close()
  })

  test('what waits for its time comes when the server was killed meanwhile, and not sooner', async () => {
    const options = { prefix: prefix() }
    const first = await declared(server(), options)
    onTestFinished(() => first.close())
    const before = await open(first, 'billing', LEASE)
    await publish(first, message('again'))
    const [again] = await take(before, 1)
    const due = performance.now() + LEASE + 500
    await publish(first, message('late', { delay: LEASE + 500 }))
    const retry = { kind: 'retry', token: again?.token as object, delay: LEASE + 500, error: ERROR } as const
    expect(await before.source.settle({ acks: [], others: [retry] })).toEqual([])
    await written()
    await server().kill()
    await server().start()
    const second = await connect(server(), options)
    onTestFinished(() => second.close())
    const came = await take(await open(second, 'billing', LEASE), 2)
    expect(performance.now()).toBeGreaterThanOrEqual(due)
    expect(came.map(({ message: { id }, attempt }) => [id, attempt]).toSorted()).toEqual([
      ['again', 2],
      ['late', 1],
    ])
  })

  test('what was acknowledged is gone when its process dies without a word, and what was not comes again', async () => {
    const options = { servers: `127.0.0.1:${server().port}`, prefix: prefix() }
    const dead = await nats(options).connect({ ...environment(), timers: STOPPED }, { lost() {} })
    onTestFinished(() => dead.close())
    await dead.declare(TOPICS, [spec()])
    const before = await open(dead, 'billing', LEASE)
    await publish(dead, message('acked'), message('held'))
    const [acked] = await take(before, 2)
    expect(await ack(before, [acked as Delivery])).toEqual([])
    const other = await connect(server(), options, 'b')
    onTestFinished(() => other.close())
    const after = await open(other, 'billing', LEASE)
    expect(idsOf(await take(after, 1))).toEqual(['held'])
    expect((await after.source.pull(10)).deliveries).toEqual([])
  })

  test('what was acknowledged is gone when the server dies, but for the last moment; what was not comes again', async () => {
    const options = { prefix: prefix() }
    const first = await declared(server(), options)
    onTestFinished(() => first.close())
    const before = await open(first, 'billing', LEASE)
    await publish(first, message('acked'), message('held'), message('last'))
    const [acked, , last] = await take(before, 3)
    expect(await ack(before, [acked as Delivery])).toEqual([])
    await expect.poll(() => floorOf(server(), options.prefix), { timeout: 10_000 }).toMatchObject({ next: 2 })
    expect(await ack(before, [last as Delivery])).toEqual([])
    await server().kill()
    await server().start()
    const second = await connect(server(), options)
    onTestFinished(() => second.close())
    const after = await open(second, 'billing', LEASE)
    const ids = new Set<string>()
    const pull = async () => {
      for (const id of idsOf((await after.source.pull(10)).deliveries)) ids.add(id)
      return ids
    }
    await expect.poll(pull, { timeout: 10_000 }).toContain('held')
    expect(ids).not.toContain('acked')
  })

  test('a server that was killed while it wrote what it knows of a consumer goes on where that is handled', async () => {
    const options = { prefix: prefix() }
    const first = await declared(server(), options)
    onTestFinished(() => first.close())
    const before = await open(first, 'billing', LEASE)
    await publish(first, message('acked'), message('held'), message('last'))
    const [acked, , last] = await take(before, 3)
    expect(await ack(before, [acked as Delivery])).toEqual([])
    await expect.poll(() => floorOf(server(), options.prefix), { timeout: 10_000 }).toMatchObject({ next: 2 })
    // What is handled behind what is not may come again.
    expect(await ack(before, [last as Delivery])).toEqual([])
    await server().kill()
    // That is what is left when it opened the file and wrote nothing.
    truncateSync(join(stateOf(server()), 'streams', `${options.prefix}_t_orders_placed`, 'obs/billing/o.dat'))
    await server().start()
    const others = await Promise.all(['b', 'c'].map(instance => connect(server(), options, instance)))
    for (const other of others) onTestFinished(() => other.close())
    const after = await Promise.all(others.map(other => open(other, 'billing', LEASE)))
    const came: string[] = []
    const pull = async () => {
      for (const { source } of after) came.push(...idsOf((await source.pull(10)).deliveries))
      return came
    }
    await expect.poll(pull, { timeout: 10_000 }).toEqual(expect.arrayContaining(['held', 'last']))
    expect(came.toSorted()).toEqual(['held', 'last'])
  })

  test('of a power cut nothing is promised: the server tells nobody whether it waits for the disk', async () => {
    const connection = await connect(server())
    expect(connection.capabilities.durability).toBe('process')
    await connection.close()
  })
})
