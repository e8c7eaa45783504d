import { type BrokerKind, findOrBlock, startBroker, type TestBroker } from '@pluribus/test-brokers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rawEqual as natsEqual } from '../src/brokers/nats/raw-equal.ts'
import { rawMinimal as natsMinimal } from '../src/brokers/nats/raw-minimal.ts'
import { rawEqual as redisEqual } from '../src/brokers/redis/raw-equal.ts'
import { rawMinimal as redisMinimal } from '../src/brokers/redis/raw-minimal.ts'
import { rawStream } from '../src/brokers/redis/raw-stream.ts'
import { makeBatches, numberOf, sumOfFirst, Tally } from '../src/payload.ts'
import { SETUP } from '../src/scenario.ts'
import { settled, stored } from '../src/scenarios/settled.ts'
import { fill } from '../src/scenarios/store.ts'
import type { Subject } from '../src/subject.ts'

const COUNT = 1_024
const BATCHES = makeBatches('bytes')

/** Those whose lease ends before a test does. */
const SOON: readonly Subject[] = [redisMinimal, redisEqual, natsMinimal, natsEqual]

/** What is fast and wrong is no measure for anything. */
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

const redis = await findOrBlock('redis')
describe.skipIf(redis === undefined)('on Redis', () => onServer('redis', [redisMinimal, rawStream, redisEqual]))

const nats = await findOrBlock('nats')
describe.skipIf(nats === undefined)('on NATS', () => onServer('nats', [natsMinimal, natsEqual]))
