import { randomUUID } from 'node:crypto'
import { findOrBlock, startBroker, type TestBroker } from '@pluribus/test-brokers'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { programs, setups, WEIGHTS } from '../../../packages/queue/test/programs.js'
import { TransitionCounts } from '../../../packages/queue/test/transitions.js'
import { World } from '../../../packages/queue/test/world.js'
import { RedisMachine } from './redis-machine.js'
import { SyncRedis } from './sync-redis.js'

const seed = Number(process.env.PLURIBUS_SEED ?? Math.floor(Math.random() * 2 ** 31))
const path = process.env.PLURIBUS_PATH
const SEQUENCES = Number(process.env.PLURIBUS_SEQUENCES ?? 400)
const found = await findOrBlock('redis')

/** Where nobody is told to take over from somebody else's, it cannot be refused: on the server only a later source can take over. */
const weights = { ...WEIGHTS, misplace: 0 }

describe.skipIf(found === undefined)('the delivery machine in Lua', () => {
  let server: TestBroker
  let redis: SyncRedis
  beforeAll(async () => {
    server = await startBroker('redis')
    redis = new SyncRedis(server.port)
    // Durability is tested elsewhere, and costs most of the time here.
    redis.run([['config', 'SET', 'appendonly', 'no']])
  }, 60_000)
  afterAll(async () => {
    await redis.close()
    await server.dispose()
  })

  it('does what the model of the queue does, whatever happens in whatever order', { timeout: 600_000 }, () => {
    const transitions = new TransitionCounts()
    let steps = 0
    const property = fc.property(setups, programs(weights), (start, list) => {
      redis.run([['flushall']])
      const world = new World(start, transitions.count, options => new RedisMachine(redis, randomUUID(), options))
      steps += list.filter(each => world.run(each)).length
    })
    const result = fc.check(property, { seed, numRuns: SEQUENCES, ...(path === undefined ? {} : { path }) })
    if (result.failed) {
      const again = `PLURIBUS_SEED=${seed} PLURIBUS_PATH=${result.counterexamplePath} npx vitest run adapters/redis/test/machine.model`
      throw new Error(`${fc.defaultReportMessage(result)}\n\nReplay: ${again}`, { cause: result.errorInstance })
    }
    console.log(`${SEQUENCES} sequences, ${steps} commands, PLURIBUS_SEED=${seed}\n${transitions.table()}`)
    if (path !== undefined) return
    const untouched = transitions.below(1).filter(line => !line.startsWith('transfer refused'))
    expect(untouched).toEqual([])
  })
})
