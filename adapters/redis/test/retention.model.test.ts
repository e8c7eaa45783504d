import type { Connection, Source, Token } from '@pluribus/core/driver'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { Keys } from '../src/keys.js'
import { declared, historyOf, message, onRedis, open, publish, TOPIC, take, tokensOf } from './kit.js'

const FUTURE = 32_503_680_000_000
const PAYLOAD = new Uint8Array(2_000)
const BYTES = 20 * PAYLOAD.length

type Step =
  | { readonly kind: 'publish'; readonly count: number }
  | { readonly kind: 'ack' | 'hold' | 'reject' | 'free'; readonly count: number }
  | { readonly kind: 'maintain' | 'trim' }

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('publish' as const), count: fc.integer({ min: 1, max: 30 }) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constantFrom('ack' as const, 'ack' as const, 'hold' as const, 'reject' as const, 'free' as const),
        count: fc.integer({ min: 1, max: 40 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constantFrom('maintain' as const, 'trim' as const) }),
    },
  ),
  { minLength: 5, maxLength: 25 },
)

/** Only a part of what was stored together may go. */
const HALF_HANDLED: readonly Step[] = [{ kind: 'publish', count: 12 }, { kind: 'ack', count: 5 }, { kind: 'trim' }]

/** A topic, and one consumer of it. What is heavy enough, and published together, is removed together. */
class Kept {
  readonly #connection: Connection
  readonly #source: Source
  readonly #prefix: string
  readonly #isTogether: boolean
  #published = 0
  #held: Token[] = []

  private constructor(connection: Connection, source: Source, prefix: string, isTogether: boolean) {
    this.#connection = connection
    this.#source = source
    this.#prefix = prefix
    this.#isTogether = isTogether
  }

  static async open(url: Parameters<typeof declared>[0], prefix: string, isTogether: boolean): Promise<Kept> {
    const connection = await declared(url, { prefix }, undefined, { bytes: BYTES })
    return new Kept(connection, await open(connection), prefix, isTogether)
  }

  async do(step: Step): Promise<void> {
    switch (step.kind) {
      case 'publish':
        await this.#publish(step.count)
        // Publishing much has it swept, at some time: then nobody knows when.
        await this.#connection.maintain?.()
        return
      case 'free':
        return this.#ack(this.#held.splice(0, step.count))
      case 'maintain':
        await this.#connection.maintain?.()
        return
      case 'trim':
        await this.#connection.persistence.trim?.(TOPIC, FUTURE)
        return
      default:
        return this.#take(step.kind, step.count)
    }
  }

  /** All that is stored and counted. */
  async state(admin: Redis): Promise<unknown> {
    const { topic, log } = new Keys(this.#prefix).topic(TOPIC)
    // Not how far was looked: a publish that is overdue has that done in the background, when there is time.
    const counters = await admin.hmget(topic, 'seq', 'placed', 'bytes', 'floor', 'removed')
    const counts = await this.#connection.persistence.counts({ topic: TOPIC, name: 'billing' })
    const fields = (await admin.hkeys(log)).filter(field => /^\d+$/.test(field)).map(Number)
    return { counters, counts, fields: fields.sort((a, b) => a - b), history: await historyOf(this.#connection) }
  }

  /** How many fields there are that say what was stored together. */
  async marks(admin: Redis): Promise<number> {
    const { log } = new Keys(this.#prefix).topic(TOPIC)
    return (await admin.hkeys(log)).filter(field => field.startsWith('s')).length
  }

  /** Everything is handled. */
  async finish(): Promise<void> {
    await this.#ack(this.#held.splice(0))
    await this.#take('ack', 1_000)
    await this.#connection.persistence.discard({ subscription: { topic: TOPIC, name: 'billing' } })
    await this.#connection.persistence.trim?.(TOPIC, FUTURE)
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  async #publish(count: number): Promise<void> {
    const batch = Array.from({ length: count }, () =>
      message(`m${++this.#published}`, { payload: PAYLOAD, size: 2_000 }),
    )
    if (this.#isTogether) return publish(this.#connection, ...batch)
    for (const one of batch) await publish(this.#connection, one)
  }

  async #take(kind: 'ack' | 'hold' | 'reject', count: number): Promise<void> {
    const tokens = tokensOf(await take(this.#source, count))
    if (kind === 'hold') this.#held.push(...tokens)
    else if (kind === 'ack') await this.#ack(tokens)
    else {
      const others = tokens.map(token => ({ kind, token, reason: 'NO', attempts: 1, errors: [] }) as const)
      expect(await this.#source.settle({ acks: [], others })).toEqual([])
    }
  }

  async #ack(tokens: readonly Token[]): Promise<void> {
    expect(await this.#source.settle({ acks: tokens, others: [] })).toEqual([])
  }
}

onRedis('what was stored together', server => {
  test('is removed as what was stored one by one, whatever became of it', { timeout: 120_000 }, async () => {
    const admin = new Redis(server().url)
    let runs = 0
    let most = 0
    const property = fc.asyncProperty(steps, async all => {
      const run = ++runs
      const [together, apart] = [
        await Kept.open(server(), `together-${run}`, true),
        await Kept.open(server(), `apart-${run}`, false),
      ]
      for (const step of all) {
        await together.do(step)
        await apart.do(step)
        expect(await together.state(admin)).toEqual(await apart.state(admin))
        most = Math.max(most, await together.marks(admin))
      }
      expect(await apart.marks(admin)).toBe(0)
      for (const kept of [together, apart]) await kept.finish()
      expect(await together.state(admin)).toMatchObject({ fields: [], history: [] })
      expect(await together.marks(admin)).toBe(0)
      await Promise.all([together.close(), apart.close()])
    })
    await fc.assert(property, { numRuns: 60, examples: [[HALF_HANDLED]] })
    expect(most).toBeGreaterThan(1)
    admin.disconnect()
  })
})
