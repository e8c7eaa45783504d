import { bytes, type Context, type Handler, json, type Message, reject, topic } from '@pluribus/core'
import { describe, expect, test } from 'vitest'
import { range, World } from './consume-kit.js'

const orders = topic<number>('orders.placed')
const onceMore = { retry: { attempts: 2, delays: ['1s'] }, timeout: '1s', grace: '1s' } as const

const explosive = (): object =>
  new Proxy(
    {},
    {
      get: () => explode(),
      has: () => explode(),
      getPrototypeOf: () => explode(),
      ownKeys: () => explode(),
      getOwnPropertyDescriptor: () => explode(),
    },
  )
function explode(): never {
  throw new Error('boom')
}
const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
const throwingGetter = (): Error =>
  Object.defineProperties(new Error('hidden'), {
    message: { get: explode },
    stack: { get: explode },
    name: { get: explode },
    code: { get: explode },
  })

const withThen = (target: object, then: unknown): object => Object.defineProperty(target, 'then', { value: then })

/** Everything that may be thrown at us. */
const THROWN: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  'a string': () => 'no',
  'an empty string': () => '',
  'a number': () => 42,
  NaN: () => Number.NaN,
  'a symbol': () => Symbol('no'),
  'a bigint': () => 42n,
  'a function': () => () => {},
  'a frozen object': () => Object.freeze({ message: 'frozen', code: 7 }),
  'a frozen error': () => Object.freeze(new Error('frozen')),
  'an object without a prototype': () => Object.create(null),
  'a cyclic object': () => {
    const cyclic: { self?: unknown } = {}
    cyclic.self = cyclic
    return cyclic
  },
  'a proxy that throws': explosive,
  'a revoked proxy': revoked,
  'an error with throwing getters': throwingGetter,
  'an error with a message of 2 MB': () => new Error('x'.repeat(2 * 1_024 * 1_024)),
  'an outcome': () => reject('THROWN'),
  'a promise': () => Promise.resolve('thrown'),
}

/**
 * A broker that runs a handler on message 1, and then must run message 2 as if nothing had been. No recorder: it would look
 * at what the handler returns.
 */
async function survives(handler: Handler<number>): Promise<World> {
  const world = new World()
  const process = await world.start()
  const billing = orders.subscription('billing', onceMore)
  let others = 0
  const guarded: Handler<number> = (message, context) => {
    if (message.id === '1') return handler(message, context)
    others++
  }
  await world.run(process.broker.subscribe(billing, guarded))
  await world.publish(process, orders, 2)
  await world.clock.advance(60_000)
  expect(others).toBe(1)
  return world
}

async function fate(world: World): Promise<string> {
  const [process] = world.processes
  if (process === undefined) throw new Error('no process')
  const [letter] = await world.dead(process, orders.subscription('billing', onceMore))
  expect(Buffer.byteLength(JSON.stringify(letter?.errors ?? []))).toBeLessThan(100_000)
  await world.end()
  return letter === undefined ? 'acked' : `${letter.reason} after ${letter.errors.length}`
}

describe('bad handlers: whatever is thrown is one failed run', () => {
  for (const [name, thrown] of Object.entries(THROWN)) {
    test(`${name}, synchronously`, async () => {
      const world = await survives(() => {
        throw thrown()
      })
      expect(await fate(world)).toBe('EXHAUSTED after 2')
    })

    test(`${name}, asynchronously`, async () => {
      const world = await survives(async () => {
        await Promise.resolve()
        throw thrown()
      })
      expect(await fate(world)).toBe('EXHAUSTED after 2')
    })
  }
})

describe('bad handlers: whatever is returned is an ack, an outcome, or a failed run', () => {
  const RETURNED: Readonly<Record<string, readonly [value: () => unknown, fate: string]>> = {
    'a number': [() => 42, 'acked'],
    null: [() => null, 'acked'],
    'a plain object': [() => ({ kind: 'reject', reason: 'NO' }), 'acked'],
    'an outcome in a promise in a promise': [async () => Promise.resolve(reject('NO')), 'NO after 0'],
    'a proxy that throws': [explosive, 'EXHAUSTED after 2'],
    'a revoked proxy': [revoked, 'EXHAUSTED after 2'],
    'an object whose has trap throws': [() => new Proxy({}, { has: explode }), 'EXHAUSTED after 2'],
    'a promise of an object whose has trap throws': [async () => new Proxy({}, { has: explode }), 'EXHAUSTED after 2'],
    'a thenable that resolves': [
      () => withThen({}, (done: (value: unknown) => void) => done(reject('LATER'))),
      'LATER after 0',
    ],
    'a thenable that rejects': [
      () => withThen({}, (_: unknown, fail: (value: unknown) => void) => fail(new Error('no'))),
      'EXHAUSTED after 2',
    ],
    'a thenable that throws': [() => withThen({}, explode), 'EXHAUSTED after 2'],
    'a thenable that resolves and then throws': [
      () =>
        withThen({}, (done: (value: unknown) => void) => {
          done(undefined)
          explode()
        }),
      'acked',
    ],
    'a thenable that settles twice': [
      () =>
        withThen({}, (done: (value: unknown) => void, fail: (value: unknown) => void) => {
          done(undefined)
          fail(new Error('twice'))
          done(reject('TWICE'))
        }),
      'acked',
    ],
    'a thenable that never settles': [() => withThen({}, () => {}), 'EXHAUSTED after 2'],
    'a thenable function': [
      () =>
        withThen(
          () => {},
          (_: unknown, fail: (value: unknown) => void) => fail(new Error('no')),
        ),
      'EXHAUSTED after 2',
    ],
    'an object whose then getter throws': [
      () => Object.defineProperty({}, 'then', { get: explode }),
      'EXHAUSTED after 2',
    ],
    'a promise of a subclass whose then throws': [() => withThen(Promise.resolve(), explode), 'EXHAUSTED after 2'],
    'a promise that never settles': [() => new Promise(() => {}), 'EXHAUSTED after 2'],
  }
  for (const [name, [returned, expected]] of Object.entries(RETURNED)) {
    test(name, async () => {
      const world = await survives((() => returned()) as Handler<number>)
      expect(await fate(world)).toBe(expected)
    })
  }

  test('throwing after the promise was returned changes nothing', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing', onceMore)
    const handler = world.recorder.handler(
      () =>
        new Promise<undefined>(resolve => {
          resolve(undefined)
          throw new Error('after settling')
        }),
    )
    await world.run(process.broker.subscribe(billing, handler))
    await world.publish(process, orders, 1)
    await world.clock.advance(10_000)
    expect(process.eventIds('delivery.acked')).toEqual(['1'])
    await world.end()
  })
})

describe('bad handlers: publishing to their own topic', () => {
  test('goes on without starving timers, until it stops by itself', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing')
    const handler = world.recorder.handler((message: Message<number>, context: Context) => {
      if (message.data < 500) void context.publish(orders, message.data + 1)
    })
    await world.run(process.broker.subscribe(billing, handler, { concurrency: 8 }))
    await world.run(process.broker.publish(orders, 1, { id: 'first' }))
    await world.clock.advance(10_000)
    expect(world.recorder.runs).toHaveLength(500)
    expect(await world.run(process.broker.counts(billing))).toMatchObject({ waiting: 0, leased: 0 })
    await world.end()
  })
})

describe('guarantee 15: what is seen is what was published, whatever a handler did to its copy', () => {
  const spoil = (value: unknown): void => {
    if (value instanceof Uint8Array) value.fill(0)
    else if (typeof value === 'object' && value !== null) {
      for (const key of Object.keys(value)) Reflect.set(value, key, 'spoilt')
      Reflect.set(value, 'more', true)
    }
  }
  const data = { id: 'a', lines: [1, 2, 3], nested: { deep: 'x' } }
  const spoiler = (message: Message<unknown>, { attempt }: Context): void => {
    for (const part of [message.data, message.payload, message.headers]) spoil(part)
    try {
      message.time.setTime(0)
      Reflect.set(message, 'id', 'spoilt')
      Reflect.set(message, 'data', 'spoilt')
    } catch {}
    if (attempt < 3) throw new Error('again')
  }

  for (const [name, published, of] of [
    ['JSON', data, topic<unknown>('things.json', { codec: json<unknown>() })],
    ['bytes', new TextEncoder().encode('byte for byte'), topic<unknown>('things.bytes', { codec: bytes as never })],
  ] as const) {
    test(`${name}: another attempt, another subscription, the dead letter, the redrive and the history`, async () => {
      const world = new World()
      const process = await world.start()
      const spoiling = of.subscription('spoiling', { retry: { attempts: 2, delays: [0] } })
      const calm = of.subscription('calm')
      const seen: unknown[] = []
      const note = (message: Message<unknown>) =>
        void seen.push([
          message.id,
          structuredClone(message.data),
          Buffer.from(message.payload as string).toString('hex'),
          { ...message.headers },
          message.time.getTime(),
          message.contentType,
        ])
      await world.run(
        process.broker.subscribe(spoiling, (message, context) => {
          note(message)
          spoiler(message, context)
        }),
      )
      await world.run(process.broker.publish(of, published, { id: 'one', headers: { colour: 'red' } }))
      await world.clock.advance(1_000)
      await world.run(process.broker.subscribe(calm, note))
      await world.clock.advance(1_000)
      for (const letter of await world.run(Array.fromAsync(process.broker.deadLetters(spoiling)))) {
        note(letter.message)
        spoil(letter.message.data)
        spoil(letter.message.payload)
      }
      for (const message of await world.run(Array.fromAsync(process.broker.history(of)))) note(message)
      await world.run(process.broker.redrive(spoiling))
      await world.clock.advance(1_000)
      expect(seen).toHaveLength(7)
      expect(new Set(seen.map(each => JSON.stringify(each))).size).toBe(1)
      const [, first, hex] = seen[0] as [string, unknown, string]
      expect(JSON.stringify(first)).toBe(
        JSON.stringify(structuredClone(name === 'bytes' ? Buffer.from(published as Uint8Array) : published)),
      )
      const raw = name === 'bytes' ? Buffer.from(published as Uint8Array) : Buffer.from(JSON.stringify(data))
      expect(hex).toBe(raw.toString('hex'))
      await world.end()
    })
  }

  test('what a publisher does to its data after publish() returned is its own affair', async () => {
    const world = new World()
    const process = await world.start()
    const things = topic<Uint8Array>('things.bytes', { codec: bytes })
    const seen: string[] = []
    await world.run(
      process.broker.subscribe(
        things.subscription('s'),
        message => void seen.push(Buffer.from(message.data).toString()),
      ),
    )
    const payload = Buffer.from('before')
    const published = process.broker.publish(things, payload)
    payload.write('after!')
    await world.run(published)
    await world.clock.advance(100)
    expect(seen).toEqual(['before'])
    await world.end()
  })
})

describe('data that nobody can read is dead at once', () => {
  const raw = topic<Uint8Array>('orders.raw', { codec: bytes })

  test('a payload that its codec cannot decode: UNDECODABLE, without a retry', async () => {
    const world = new World()
    const process = await world.start()
    const asJson = topic<number>('orders.raw')
    const reading = asJson.subscription('reading')
    const ignoring = asJson.subscription('ignoring')
    const handler = world.recorder.handler(
      async (message: Message<number>) => void (await Promise.resolve(message.data)),
    )
    await world.run(process.broker.subscribe(reading, handler))
    await world.run(process.broker.subscribe(ignoring, () => undefined))
    await world.run(process.broker.publish(raw, Buffer.from('{not json'), { id: 'bad' }))
    await world.clock.advance(60_000)
    expect(world.recorder.runs).toHaveLength(1)
    const letters = await world.run(Array.fromAsync(process.broker.deadLetters(reading)))
    expect(letters).toMatchObject([{ reason: 'UNDECODABLE', errors: [{ code: 'DECODING', attempt: 1 }] }])
    // Who never looks is not disturbed.
    expect(await world.run(process.broker.counts(ignoring))).toMatchObject({ dead: 0, waiting: 0 })
    await world.end()
  })

  for (const isAsync of [false, true]) {
    test(`data that ${isAsync ? 'an asynchronous' : 'a synchronous'} schema refuses: INVALID_DATA, and the handler does not run`, async () => {
      const world = new World()
      const process = await world.start()
      const verdict = (value: unknown) =>
        typeof value === 'number' && value < 3 ? { value: value * 10 } : { issues: [{ message: 'too large' }] }
      const strict = topic('orders.placed', {
        schema: {
          '~standard': {
            version: 1,
            vendor: 'test',
            validate: (value: unknown) => (isAsync ? Promise.resolve(verdict(value)) : verdict(value)),
          },
        } as never,
      })
      const billing = strict.subscription('billing')
      const data: unknown[] = []
      await world.run(process.broker.subscribe(billing, message => void data.push(message.data), { concurrency: 4 }))
      await world.publish(process, orders, 4)
      await world.clock.advance(60_000)
      expect(data).toEqual([10, 20])
      const letters = await world.run(Array.fromAsync(process.broker.deadLetters(billing)))
      expect(letters.map(letter => [letter.message.id, letter.reason, letter.errors[0]?.code])).toEqual([
        ['3', 'INVALID_DATA', 'INVALID_DATA'],
        ['4', 'INVALID_DATA', 'INVALID_DATA'],
      ])
      await world.end()
    })
  }
})

test('a handler that fails for some of many messages disturbs none of the others', async () => {
  const world = new World()
  const process = await world.start()
  const billing = orders.subscription('billing', { retry: { attempts: 2, delays: [100] } })
  const bad = Object.values(THROWN)
  const handler = world.recorder.handler((message: Message<number>) => {
    if (message.data % 4 === 0) throw bad[message.data % bad.length]?.()
  })
  await world.run(process.broker.subscribe(billing, handler, { concurrency: 16 }))
  await world.publish(process, orders, 200)
  await world.clock.advance(10_000)
  expect([...process.eventIds('delivery.acked')]).toEqual(range(200).filter(id => Number(id) % 4 !== 0))
  expect(process.eventIds('delivery.dead')).toHaveLength(50)
  await world.end()
})
