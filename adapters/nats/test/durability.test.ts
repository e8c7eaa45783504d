import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect as connectClient } from '@nats-io/transport-node'
import { localProcess } from '@pluribus/conformance'
import type { Connection, StoredDeadLetter } from '@pluribus/core/driver'
import { findBroker } from '@pluribus/test-brokers'
import { expect, onTestFinished, test } from 'vitest'
import { nats } from '../src/index.js'
import {
  ack,
  connect,
  declared,
  environment,
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
const BILLING = { topic: TOPIC, name: 'billing' }

async function historyOf(connection: Connection): Promise<readonly string[]> {
  const ids: string[] = []
  for await (const { id } of connection.persistence.history(TOPIC, { from: 'earliest' })) ids.push(id)
  return ids
}

async function deadOf(connection: Connection): Promise<readonly StoredDeadLetter[]> {
  const dead: StoredDeadLetter[] = []
  for await (const letter of connection.persistence.deadLetters({ subscription: BILLING })) dead.push(letter)
  return dead
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
    expect(next?.message.id).toBe('m0-0')
    await second.close()
    await first.close()
  })

  test('of a power cut nothing is promised: the server tells nobody whether it waits for the disk', async () => {
    const connection = await connect(server())
    expect(connection.capabilities.durability).toBe('process')
    await connection.close()
  })

  test('where there is no room left, publishing is refused, consuming goes on, and with room it is as before', async () => {
    const full = await smallServer(2 * 1_024 * 1_024)
    const adapter = nats({ servers: full, prefix: 'full' })
    const told: string[] = []
    const logger = { ...environment().logger, debug: (_: object, what: string) => void told.push(what) }
    const connection = await adapter.connect({ ...environment(), logger }, { lost() {} })
    onTestFinished(() => connection.close())
    await connection.declare(TOPICS, [spec()])
    await publish(connection, message('a'), message('b'))
    const payload = 'x'.repeat(64 * 1_024)
    const stored = ['a', 'b']
    let refusal: unknown
    for (let n = 0; n < 64 && refusal === undefined; n++) {
      const [exception] = await connection.publisher.publish([message(`big${n}`, { payload })])
      if (exception === undefined) stored.push(`big${n}`)
      else {
        expect(exception).toMatchObject({ kind: 'failed', outcome: 'definite' })
        refusal = 'error' in exception ? exception.error : exception
      }
    }
    expect(adapter.classify(refusal)).toEqual({ code: 'OVERLOADED', retryable: true })
    expect(await historyOf(connection)).toEqual(stored)
    const source = await open(connection)
    const released = (await take(source, 2)).map(({ token }) => ({ kind: 'release', token }) as const)
    expect(await source.source.settle({ acks: [], others: released })).toEqual([])
    await source.source.pull(0)
    // What cannot be given back, because that has to be stored, stays.
    await expect
      .poll(() => told, { timeout: 10_000 })
      .toContainEqual(expect.stringContaining('could not be given back'))
    const taken = await take(source, stored.length)
    expect(idsOf(taken)).toEqual(stored)
    expect(await ack(source, taken)).toEqual([])
    await purge(full, 'full_t_orders_placed')
    await publish(connection, message('c'))
    expect(idsOf(await take(source, 1))).toEqual(['c'])
  })
})

/** What an operator does to make room. */
async function purge(server: string, stream: string): Promise<void> {
  const client = await connectClient({ servers: server })
  await (await jetstreamManager(client)).streams.purge(stream)
  await client.close()
}

/** A server of one's own that may store so many bytes. */
async function smallServer(bytes: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'pluribus-nats-'))
  const port = await freePort()
  const config = join(folder, 'nats.conf')
  writeFileSync(
    config,
    `listen: "127.0.0.1:${port}"\njetstream {\n  store_dir: "${folder}/data"\n  max_file_store: ${bytes}\n}\n`,
  )
  const { programs } = await findBroker('nats')
  const process = localProcess({
    command: programs.server as string,
    args: ['--config', config],
    address: { host: '127.0.0.1', port },
  })
  onTestFinished(async () => {
    await process.kill()
    rmSync(folder, { recursive: true })
  })
  await process.start()
  return `127.0.0.1:${port}`
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}
