import { type StandardSchema, topic } from '@pluribus/core'
import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { calls, refused, world } from '../publishing/kit.js'

/** One shape three times: `at` travels as text and arrives as a date, `n` is positive. */
const SYNC = [
  ['zod', z.object({ n: z.number().positive(), at: z.string().transform(text => new Date(text)) })],
  [
    'valibot',
    v.object({
      n: v.pipe(v.number(), v.minValue(1)),
      at: v.pipe(
        v.string(),
        v.transform(text => new Date(text)),
      ),
    }),
  ],
  ['arktype', type({ n: 'number > 0', at: 'string.date.iso.parse' })],
] as const

const ASYNC = [
  ['zod', z.object({ n: z.number().refine(async n => n > 0), at: z.string().transform(async text => new Date(text)) })],
  [
    'valibot',
    v.objectAsync({
      n: v.pipeAsync(
        v.number(),
        v.checkAsync(async n => n > 0),
      ),
      at: v.pipeAsync(
        v.string(),
        v.transformAsync(async text => new Date(text)),
      ),
    }),
  ],
] as const

type Dated = StandardSchema<{ n: number; at: string }, { n: number; at: Date }>
const ALL = [
  ...SYNC.map(([name, schema]) => [`${name}, synchronous`, schema] as const),
  ...ASYNC.map(([name, schema]) => [`${name}, asynchronous`, schema] as const),
]

describe('schemas on publish', () => {
  it.each(ALL)('%s: the wire carries the input, handlers get the output', async (_, schema) => {
    const dated = topic('things.dated', { schema: schema as Dated })
    const { broker, clock, stored } = await world()
    const seen: unknown[] = []
    await clock.run(broker.subscribe(dated.subscription('all'), message => void seen.push(message.data.at)))
    const data = { n: 1, at: '2026-07-01T12:00:00.000Z' }
    await clock.run(broker.publish(dated, data))
    await clock.run(broker.publishMany(dated, [{ data }]))
    await clock.until(() => seen.length === 2)
    expect((await stored(dated)).map(({ payload }) => payload)).toEqual([JSON.stringify(data), JSON.stringify(data)])
    expect(seen).toEqual([new Date(data.at), new Date(data.at)])
  })

  it.each(ALL)(
    '%s: what does not satisfy it is refused with INVALID_DATA before any I/O, naming topic and path',
    async (_, schema) => {
      const dated = topic('things.dated', { schema: schema as Dated })
      const { broker, adapter } = await world()
      const good = { n: 1, at: '2026-07-01T12:00:00.000Z' }
      const bad = { ...good, n: -1 }
      const single = await refused(broker.publish(dated, bad))
      expect(single).toMatchObject({ code: 'INVALID_DATA', retryable: false, details: { count: 1 } })
      expect(single.message).toMatch(/things\.dated.*data\.n/)
      const many = await refused(broker.publishMany(dated, [{ data: good }, { data: bad }, { data: good }]))
      expect(many).toMatchObject({ code: 'INVALID_DATA', outcome: 'definite', details: { index: 1 } })
      expect(calls(adapter)).toBe(0)
    },
  )

  it.each(ALL)('%s: a batch keeps its order', async (_, schema) => {
    const dated = topic('things.dated', { schema: schema as Dated })
    const { broker, clock, ids } = await world()
    const at = '2026-07-01T12:00:00.000Z'
    const batch = Array.from({ length: 50 }, (__, n) => ({ data: { n: n + 1, at }, id: `m${n}` }))
    await clock.run(broker.publishMany(dated, batch))
    expect(await ids(dated)).toEqual(batch.map(({ id }) => id))
  })

  it('does not take a defaulted or coerced value for the input: what was given travels', async () => {
    const schema = z.object({ n: z.coerce.number(), tag: z.string().default('none') })
    const tagged = topic('things.tagged', { schema })
    const { broker, clock, stored } = await world()
    const seen: unknown[] = []
    await clock.run(broker.subscribe(tagged.subscription('all'), message => void seen.push(message.data)))
    await clock.run(broker.publish(tagged, { n: '7' }))
    await clock.until(() => seen.length === 1)
    expect((await stored(tagged))[0]?.payload).toBe('{"n":"7"}')
    expect(seen).toEqual([{ n: 7, tag: 'none' }])
  })

  it('waits for a thenable that is no promise of ours', async () => {
    const validate = () => ({
      // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
      then: (resolve: (result: unknown) => void) => queueMicrotask(() => resolve({ issues: [{ message: 'never' }] })),
    })
    const schema = { '~standard': { version: 1, vendor: 'test', validate } } as unknown as StandardSchema<number>
    const { broker, adapter } = await world()
    expect((await refused(broker.publish(topic('things.odd', { schema }), 1))).code).toBe('INVALID_DATA')
    expect(calls(adapter)).toBe(0)
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('bug')
      },
    ],
    ['rejects', () => Promise.reject(new Error('bug'))],
    ['answers nothing', () => undefined],
  ])('takes a schema that %s for invalid data, with its error as the cause', async (_, validate) => {
    const schema = { '~standard': { version: 1, vendor: 'test', validate } } as unknown as StandardSchema<number>
    const broken = topic('things.broken', { schema })
    const { broker, adapter } = await world()
    const error = await refused(broker.publish(broken, 1))
    expect(error.code).toBe('INVALID_DATA')
    expect(error.cause).toBeInstanceOf(Error)
    expect((await refused(broker.publishMany(broken, [{ data: 1 }]))).code).toBe('INVALID_DATA')
    expect(calls(adapter)).toBe(0)
  })

  it('leaves no rejection unhandled where encoding and an asynchronous schema both fail', async () => {
    const schema: StandardSchema<unknown> = {
      '~standard': { version: 1, vendor: 'test', validate: async () => ({ issues: [{ message: 'no' }] }) },
    }
    const unhandled: unknown[] = []
    const listen = (reason: unknown) => void unhandled.push(reason)
    process.on('unhandledRejection', listen)
    const { broker } = await world()
    const things = topic('things.bad', { schema })
    await refused(broker.publish(things, { n: 1n }))
    await refused(broker.publishMany(things, [{ data: 1 }, { data: { n: 1n } }]))
    await refused(broker.publishMany(things, [{ data: 1 }, { data: 2 }]))
    await new Promise(resolve => setImmediate(resolve))
    process.off('unhandledRejection', listen)
    expect(unhandled).toEqual([])
  })
})
