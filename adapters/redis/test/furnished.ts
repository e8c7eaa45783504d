import type { Connection, OutgoingMessage } from '@pluribus/core/driver'
import { expect } from 'vitest'
import { ack, message, publish, spec, take } from './kit.js'

const ERROR = { name: 'Error', message: 'once', attempt: 1, time: 0 }
const TOPIC = 'orders.cancelled'
const REFUND = spec('refund', { topic: TOPIC })

const other = (id: string, changes: Partial<OutgoingMessage> = {}) => message(id, { topic: TOPIC, ...changes })
const open = (connection: Connection) =>
  connection.subscriber.open(REFUND, { window: 10, lease: 30_000 }, { wake() {}, lost() {}, ended() {} })

/** Stores one message of each kind that waits for something, in a topic of their own. */
export async function furnish(connection: Connection): Promise<void> {
  await connection.declare([{ name: TOPIC, partitions: 1, retention: {} }], [REFUND])
  await publish(connection, other('dead'), other('held', { key: 'k' }), other('behind', { key: 'k' }))
  await publish(connection, other('late', { delay: 3_600_000 }), other('once', { idSupplied: true }))
  const source = await open(connection)
  const [dead, held, once] = await take(source)
  await ack(source, [once as NonNullable<typeof once>])
  const tokens = [dead?.token as string, held?.token as string] as const
  await source.settle({
    acks: [],
    others: [
      { kind: 'reject', token: tokens[0], reason: 'NO', attempts: 1, errors: [ERROR] },
      { kind: 'retry', token: tokens[1], delay: 3_600_000, error: ERROR },
    ],
  })
  await source.close()
}

/** All of it is as it was. */
export async function checkFurnished(connection: Connection): Promise<void> {
  const counts = await connection.persistence.counts(REFUND)
  expect(counts).toMatchObject({ waiting: 1, leased: 0, retrying: 1, scheduled: 1, dead: 1 })
  const dead: unknown[] = []
  for await (const letter of connection.persistence.deadLetters({ subscription: REFUND })) {
    dead.push([letter.message.id, letter.reason, letter.attempts, letter.errors])
  }
  expect(dead).toEqual([['dead', 'NO', 1, [ERROR]]])
  const source = await open(connection)
  // What waits is behind its key.
  expect(await take(source)).toEqual([])
  await source.close()
}

/** Whether the id that {@link furnish} has supplied is still known. Publishes it again where it is not. */
export async function isKnown(connection: Connection): Promise<boolean> {
  const [exception] = await connection.publisher.publish([other('once', { idSupplied: true })])
  return exception?.kind === 'duplicate'
}
