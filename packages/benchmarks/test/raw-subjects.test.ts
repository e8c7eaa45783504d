import { readFileSync, writeFileSync } from 'node:fs'
import { type BrokerKind, findOrBlock, startBroker, type TestBroker } from '@pluribus/test-brokers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { appendFileQueue } from '../src/brokers/file/append-file.ts'
import { nodeSqlite } from '../src/brokers/file/node-sqlite.ts'
import { rawEqual as fileEqual } from '../src/brokers/file/raw-equal.ts'
import { rawMinimal as fileMinimal } from '../src/brokers/file/raw-minimal.ts'
import { rawEqual as natsEqual } from '../src/brokers/nats/raw-equal.ts'
import { rawMinimal as natsMinimal } from '../src/brokers/nats/raw-minimal.ts'
import { rawEqual as redisEqual } from '../src/brokers/redis/raw-equal.ts'
import { rawMinimal as redisMinimal } from '../src/brokers/redis/raw-minimal.ts'
import { rawStream } from '../src/brokers/redis/raw-stream.ts'
import { FreshFolder } from '../src/folder/fresh-folder.ts'
import { makeBatches, numberOf, sumOfFirst, Tally } from '../src/payload.ts'
import { SETUP } from '../src/scenario.ts'
import { settled, stored } from '../src/scenarios/settled.ts'
import { fill } from '../src/scenarios/store.ts'
import type { Queue, Subject } from '../src/subject.ts'

const COUNT = 1_024
const BATCHES = makeBatches('bytes')

/** Those whose failed messages come again before a test ends. */
const SOON: readonly Subject[] = [redisMinimal, redisEqual, natsMinimal, natsEqual, fileMinimal, fileEqual, nodeSqlite]

/** What is fast and wrong is no measure for anything. */
function checks(open: (subject: Subject) => Promise<Queue>, subjects: readonly Subject[]): void {
  test.each(subjects)('$name stores all, hands out all, settles all', async subject => {
    const queue = await open(subject)
    await fill(queue, BATCHES, COUNT)
    await stored(queue, COUNT)
    const tally = new Tally()
    await queue.consume(tally.handle)
    await Promise.all(BATCHES[4]?.map(item => queue.publish(item)) ?? [])
    await tally.reached(COUNT + 256)
    await settled(queue)
    await queue.close()
    expect({ count: tally.count, sum: tally.sum }).toEqual({ count: COUNT + 256, sum: sumOfFirst(COUNT + 256) })
  })

  test.each(subjects.filter(subject => SOON.includes(subject)))(
    '$name hands out again what has failed',
    async subject => {
      const queue = await open(subject)
      const tally = new Tally()
      const failed = new Set<number>()
      await queue.consume(data => {
        const number = numberOf(data)
        if (number % 100 === 0 && !failed.has(number)) {
          failed.add(number)
          throw new Error('once')
        }
        return tally.handle(data)
      })
      await fill(queue, BATCHES, COUNT)
      await tally.reached(COUNT)
      await settled(queue)
      await queue.close()
      expect({ failed: failed.size, sum: tally.sum }).toEqual({ failed: 11, sum: sumOfFirst(COUNT) })
    },
  )
}

function onServer(kind: BrokerKind, subjects: readonly Subject[]): void {
  let server: TestBroker
  beforeAll(async () => {
    server = await startBroker(kind)
  })
  afterAll(() => server.dispose())

  const open = async (subject: Subject) => {
    await server.stop()
    await server.wipe()
    await server.start()
    return subject.open({ ...SETUP, url: server.url })
  }
  checks(open, subjects)
}

const redis = await findOrBlock('redis')
describe.skipIf(redis === undefined)('on Redis', () => onServer('redis', [redisMinimal, rawStream, redisEqual]))

const nats = await findOrBlock('nats')
describe.skipIf(nats === undefined)('on NATS', () => onServer('nats', [natsMinimal, natsEqual]))

describe('in a folder', () => {
  const folder = new FreshFolder()
  afterAll(() => folder[Symbol.asyncDispose]())
  const open = async (subject: Subject) => subject.open({ ...SETUP, url: await folder.renew() })

  checks(open, [fileMinimal, fileEqual, nodeSqlite, appendFileQueue])

  test('raw-equal has stored what waits, what is handled and what has failed', async () => {
    const url = await folder.renew()
    const before = await fileEqual.open({ ...SETUP, url })
    await fill(before, BATCHES, COUNT)
    const handled = new Tally()
    await before.consume(data => {
      if (numberOf(data) >= COUNT / 2) throw new Error('Not now.')
      return handled.handle(data)
    })
    await handled.reached(COUNT / 2)
    await before.close()

    const queue = await fileEqual.open({ ...SETUP, url })
    await stored(queue, COUNT / 2)
    const tally = new Tally()
    await queue.consume(tally.handle)
    await tally.reached(COUNT / 2)
    await settled(queue)
    await queue.close()
    expect(tally.sum).toBe(sumOfFirst(COUNT) - sumOfFirst(COUNT / 2))
  })

  test('raw-equal reads from the disk what has left its memory, and checks it', async () => {
    const url = await folder.renew()
    const before = await fileEqual.open({ ...SETUP, url })
    await fill(before, BATCHES, COUNT)
    await before.close()
    const log = `${url.slice('file:'.length)}/log`
    const bytes = readFileSync(log)
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)
    writeFileSync(log, bytes)
    await expect(fileEqual.open({ ...SETUP, url })).rejects.toThrow('is not what was written')
  })
})
