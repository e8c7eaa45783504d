import { type as arktype } from 'arktype'
import * as v from 'valibot'
import { describe, expect, expectTypeOf, it, test } from 'vitest'
import * as z from 'zod'
import { PluribusError } from '../../src/index.js'
import {
  checkSchema,
  type InferInput,
  type InferOutput,
  type SchemaResult,
  type StandardSchema,
  validate,
} from '../../src/model/schema.js'
import { NOT_TEXT, refused, rejected } from './refused.js'

const zodOrder = z.object({ id: z.string(), items: z.array(z.object({ price: z.number() })) })
const valibotOrder = v.object({ id: v.string(), items: v.array(v.object({ price: v.number() })) })
const arktypeOrder = arktype({ id: 'string', items: arktype({ price: 'number' }).array() })

const LIBRARIES: readonly (readonly [string, StandardSchema<unknown, unknown>])[] = [
  ['zod', zodOrder],
  ['valibot', valibotOrder],
  ['arktype', arktypeOrder],
]

const custom = (validator: (value: unknown) => unknown): StandardSchema<unknown, unknown> => ({
  '~standard': { version: 1, vendor: 'test', validate: validator as () => SchemaResult<unknown> },
})

describe.each(LIBRARIES)('%s', (_, schema) => {
  it('is a schema', () => {
    expect(checkSchema(schema, 'schema')).toBe(schema)
  })

  it('answers the value at once', () => {
    const order = { id: '1', items: [{ price: 9 }] }
    const result = validate(schema, order, 'orders.placed')
    expect(result).not.toBeInstanceOf(Promise)
    expect(result).toMatchObject({ value: order })
  })

  it('refuses with the path', () => {
    const bad = { id: '1', items: [{ price: 1 }, { price: 'nine' }] }
    const { message, details } = refused(() => validate(schema, bad, 'orders.placed'), 'INVALID_DATA')
    expect(message).toMatch(/^orders\.placed does not satisfy its schema: data\.items\[1\]\.price: /)
    expect(details).toMatchObject({ count: 1, issues: [{ path: 'data.items[1].price', message: expect.any(String) }] })
  })

  test.each(NOT_TEXT.filter(([name]) => !name.includes('proxy')))('refuses %s', (__, value) => {
    refused(() => validate(schema, value, 'orders.placed'), 'INVALID_DATA')
  })

  it('survives data that throws', async () => {
    const trap = new Error('trap')
    const hostile = Object.defineProperty({}, 'id', {
      get: () => {
        throw trap
      },
    })
    // zod takes what is thrown for a sign that it should have been asynchronous.
    const error = await rejected((async () => validate(schema, hostile, 'orders.placed'))(), 'INVALID_DATA')
    expect(error.cause).toBe(trap)
  })
})

describe('transforming and asynchronous schemas', () => {
  it('gives the output', () => {
    expect(validate(z.object({ n: z.coerce.number() }), { n: '7' }, 'x')).toMatchObject({ value: { n: 7 } })
    expect(validate(v.pipe(v.string(), v.transform(Number)), '7', 'x')).toMatchObject({ value: 7 })
    expect(validate(arktype('string.numeric.parse'), '7', 'x')).toMatchObject({ value: 7 })
  })

  it('is asynchronous where the schema is', async () => {
    const schema = v.pipeAsync(
      v.string(),
      v.checkAsync(async text => text === 'yes', 'not yes'),
    )
    const good = validate(schema, 'yes', 'x')
    expect(good).toBeInstanceOf(Promise)
    expect(await good).toMatchObject({ value: 'yes' })
    const error = await rejected(Promise.resolve(validate(schema, 'no', 'x')), 'INVALID_DATA')
    expect(error.details).toMatchObject({ issues: [{ path: 'data', message: 'not yes' }] })
  })

  it('is asynchronous with zod', async () => {
    const schema = z.string().refine(async text => text === 'yes', 'not yes')
    expect(await validate(schema, 'yes', 'x')).toMatchObject({ value: 'yes' })
    await rejected(Promise.resolve(validate(schema, 'no', 'x')), 'INVALID_DATA')
  })
})

describe('broken schemas', () => {
  const cause = new Error('the schema fails')

  it.each([cause, new PluribusError('NOT_FOUND', 'no'), 'text', undefined])('keeps what is thrown: %s', thrown => {
    const schema = custom(() => {
      throw thrown
    })
    const error = refused(() => validate(schema, 1, 'x'), 'INVALID_DATA')
    expect(error.cause).toBe(thrown)
  })

  it('keeps what is rejected', async () => {
    const error = await rejected(
      Promise.resolve(
        validate(
          custom(() => Promise.reject(cause)),
          1,
          'x',
        ),
      ),
      'INVALID_DATA',
    )
    expect(error.cause).toBe(cause)
  })

  test.each([undefined, null, 7, 'yes', true])('refuses the answer %s', async answer => {
    refused(
      () =>
        validate(
          custom(() => answer),
          1,
          'x',
        ),
      'INVALID_DATA',
    )
    await rejected(
      Promise.resolve(
        validate(
          custom(async () => answer),
          1,
          'x',
        ),
      ),
      'INVALID_DATA',
    )
  })

  it('keeps ten issues, shortened, and counts all', () => {
    const issues = Array.from({ length: 1_000 }, (_, i) => ({
      message: 'm'.repeat(100_000),
      path: ['a', { key: i }, Symbol('s'), 'k'.repeat(100_000)],
    }))
    const { details } = refused(
      () =>
        validate(
          custom(() => ({ issues })),
          1,
          'x',
        ),
      'INVALID_DATA',
    )
    expect(details.count).toBe(1_000)
    expect(details.issues).toHaveLength(10)
    expect((details.issues as { path: string }[])[3]?.path).toMatch(/^data\.a\[3\]\[symbol\]/)
  })

  it('takes an empty list of issues for a failure', () => {
    refused(
      () =>
        validate(
          custom(() => ({ issues: [] })),
          1,
          'x',
        ),
      'INVALID_DATA',
    )
  })

  test.each<[string, unknown]>([
    ...NOT_TEXT.filter(([name]) => !name.includes('proxy')),
    ['another version', { '~standard': { version: 2, vendor: 'x', validate: () => ({}) } }],
    ['no validate', { '~standard': { version: 1, vendor: 'x' } }],
    ['a class of a validator', class Order {}],
  ])('checkSchema refuses %s', (_, value) => {
    expect(refused(() => checkSchema(value, 'schema'), 'INVALID_ARGUMENT').message).toContain('zod, valibot, arktype')
  })
})

test('types follow the schema', () => {
  const zodText = z.object({ n: z.string().transform(Number) })
  expectTypeOf<InferInput<typeof zodText>>().toEqualTypeOf<{ n: string }>()
  expectTypeOf<InferOutput<typeof zodText>>().toEqualTypeOf<{ n: number }>()
  const valibotText = v.object({ n: v.pipe(v.string(), v.transform(Number)) })
  expectTypeOf<InferInput<typeof valibotText>>().toEqualTypeOf<{ n: string }>()
  expectTypeOf<InferOutput<typeof valibotText>>().toEqualTypeOf<{ n: number }>()
  const arktypeText = arktype({ n: 'string.numeric.parse' })
  expectTypeOf<InferInput<typeof arktypeText>>().toEqualTypeOf<{ n: string }>()
  expectTypeOf<InferOutput<typeof arktypeText>>().toEqualTypeOf<{ n: number }>()
})
