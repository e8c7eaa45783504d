import { type Draft, type HandleMiddleware, type PublishMiddleware, reject, topic } from '@pluribus/core'
import { describe, expect, it } from 'vitest'
import { calls, refused, world } from './kit.js'

const orders = topic<{ n: number }>('orders.placed')
const header = (name: string): PublishMiddleware => {
  return (draft, next) =>
    next({ ...draft, options: { ...draft.options, headers: { ...draft.options.headers, [name]: '1' } } })
}
const trace =
  (log: string[], name: string): PublishMiddleware =>
  async (draft, next) => {
    log.push(`${name} before`)
    const receipt = await next(draft)
    log.push(`${name} after`)
    return receipt
  }

describe('publish middleware', () => {
  it('stands around every publish, the first outermost, each once', async () => {
    const log: string[] = []
    const { broker, clock } = await world({ middleware: { publish: [trace(log, 'a'), trace(log, 'b')] } })
    await clock.run(broker.publish(orders, { n: 1 }))
    expect(log).toEqual(['a before', 'b before', 'b after', 'a after'])
    log.length = 0
    await clock.run(broker.publishMany(orders, [{ data: { n: 1 } }, { data: { n: 2 } }]))
    expect(log.filter(line => line === 'a before')).toHaveLength(2)
    expect(log.filter(line => line === 'b after')).toHaveLength(2)
  })

  it('may change data and options, in a copy or in place, without changing what the caller holds', async () => {
    const double: PublishMiddleware = (draft, next) => {
      const data = draft.data as { n: number }
      data.n *= 2
      return next({ ...draft, data })
    }
    const { broker, clock, stored } = await world({ middleware: { publish: [double, header('region')] } })
    const data = { n: 4 }
    const options = { headers: { tenant: 'x' } }
    await clock.run(broker.publish(orders, data, options))
    const [found] = await stored(orders)
    expect(found?.payload).toBe('{"n":8}')
    expect({ ...found?.headers }).toEqual({ tenant: 'x', region: '1' })
    expect(data).toEqual({ n: 4 })
    expect(options).toEqual({ headers: { tenant: 'x' } })
  })

  it('may make encodable what is not', async () => {
    const dates: PublishMiddleware = (draft, next) =>
      next({ ...draft, data: { n: (draft.data as { at: Date }).at.getTime() } })
    const { broker, clock, stored } = await world({ middleware: { publish: [dates] } })
    await clock.run(broker.publish(orders, { at: new Date(5) } as never))
    expect((await stored(orders))[0]?.payload).toBe('{"n":5}')
  })

  it('sees the draft: topic, data and options', async () => {
    let seen: Draft | undefined
    const look: PublishMiddleware = (draft, next) => {
      seen = draft
      return next(draft)
    }
    const { broker, clock } = await world({ middleware: { publish: [look] } })
    await clock.run(broker.publish(orders, { n: 1 }, { key: 'k' }))
    expect(seen).toEqual({ topic: 'orders.placed', data: { n: 1 }, options: { key: 'k' } })
    await clock.run(broker.publish(orders, { n: 1 }))
    expect(seen?.options).toEqual({})
  })

  it('may refuse by throwing: its error comes back as it is, nothing is sent', async () => {
    class Forbidden extends Error {}
    const { broker, adapter } = await world({
      middleware: {
        publish: [
          () => {
            throw new Forbidden('no')
          },
        ],
      },
    })
    await expect(broker.publish(orders, { n: 1 })).rejects.toBeInstanceOf(Forbidden)
    expect(calls(adapter)).toBe(0)
  })

  it('may answer without publishing', async () => {
    const { broker, adapter } = await world({
      middleware: { publish: [async () => ({ id: 'cached', duplicate: true })] },
    })
    expect(await broker.publish(orders, { n: 1 })).toEqual({ id: 'cached', duplicate: true })
    expect(await broker.publishMany(orders, [{ data: { n: 1 } }])).toMatchObject({
      stored: 1,
      receipts: [{ id: 'cached' }],
    })
    expect(calls(adapter)).toBe(0)
  })

  it.each([
    ['calls next() twice', (draft, next) => next(draft).then(() => next(draft)), /twice/],
    ['forgets the draft', (_, next) => (next as () => never)(), /without a draft/],
    ['changes the topic', (draft, next) => next({ ...draft, topic: 'other' }), /topic/],
    ['forgets to return', (draft, next) => void next(draft) as never, /receipt/],
    ['returns something else', async () => 5 as never, /receipt/],
    [
      'adds an option that does not exist',
      (draft, next) => next({ ...draft, options: { kye: 'a' } as never }),
      /did you mean "?key/i,
    ],
  ] as [string, PublishMiddleware, RegExp][])('is told when it %s', async (_, middleware, text) => {
    const { broker, clock } = await world({ middleware: { publish: [middleware] } })
    const error = await clock.run(refused(broker.publish(orders, { n: 1 })))
    expect(error.code).toBe('INVALID_ARGUMENT')
    expect(error.message).toMatch(text)
  })

  it('keeps the order of a batch, however long each message is held up', async () => {
    const { broker, clock, ids } = await world({ middleware: { publish: [(draft, next) => slow(draft, next)] } })
    const slow: PublishMiddleware = async (draft, next) => {
      await clock.sleep(((draft.data as { n: number }).n * 7_919) % 50)
      return next(draft)
    }
    const batch = Array.from({ length: 60 }, (_, n) => ({ data: { n }, id: `m${n}` }))
    await clock.run(broker.publishMany(orders, batch))
    expect(await ids(orders)).toEqual(batch.map(({ id }) => id))
  })

  it('sends what a middleware lets through after it has answered', async () => {
    const later: Promise<unknown>[] = []
    const early: PublishMiddleware = async (draft, next) => {
      later.push(clock.sleep(50).then(() => next(draft)))
      return { id: 'early', duplicate: false }
    }
    const { broker, clock, ids } = await world({ middleware: { publish: [early] } })
    await clock.run(
      broker.publishMany(
        orders,
        [1, 2].map(n => ({ data: { n }, id: `m${n}` })),
      ),
    )
    await clock.run(Promise.all(later))
    expect(await ids(orders)).toEqual(['m1', 'm2'])
  })

  it('does not deadlock on a middleware that lets one publish through at a time', async () => {
    let tail: Promise<unknown> = Promise.resolve()
    const oneByOne: PublishMiddleware = (draft, next) => {
      const result = tail.then(() => next(draft))
      tail = result
      return result
    }
    const { broker, clock, ids } = await world({ middleware: { publish: [oneByOne] } })
    const batch = Array.from({ length: 20 }, (_, n) => ({ data: { n }, id: `m${n}` }))
    await clock.run(broker.publishMany(orders, batch))
    expect(await ids(orders)).toEqual(batch.map(({ id }) => id))
  })

  it('refuses messages of a batch one by one: each failure has its index, its id and a proper error', async () => {
    const picky: PublishMiddleware = async (draft, next) => {
      const { n } = draft.data as { n: number }
      if (n === 1) throw new Error('not this one')
      if (n === 3) throw 'text'
      return next(n === 4 ? { ...draft, data: { n: 1n } } : draft)
    }
    const { broker, clock, ids } = await world({ middleware: { publish: [picky] } })
    const batch = [0, 1, 2, 3, 4, 5].map(n => ({ data: { n }, ...(n === 3 ? {} : { id: `m${n}` }) }))
    const error = await clock.run(refused(broker.publishMany(orders, batch)))
    expect(error).toMatchObject({ code: 'HANDLER_FAILED', details: { failed: 3, of: 6 } })
    expect(error.report?.stored).toBe(3)
    expect(error.report?.failures).toMatchObject([
      { index: 1, id: 'm1', error: { name: 'PluribusError', code: 'HANDLER_FAILED', outcome: 'definite' } },
      { index: 3, error: { code: 'HANDLER_FAILED', outcome: 'definite' } },
      { index: 4, id: 'm4', error: { code: 'ENCODING', outcome: 'definite' } },
    ])
    expect(error.report?.failures[0]?.error.message).toContain('not this one')
    expect(error.report?.failures[1]?.id).toMatch(/./)
    expect(error.report?.receipts.map(receipt => receipt?.id)).toEqual([
      'm0',
      undefined,
      'm2',
      undefined,
      undefined,
      'm5',
    ])
    expect(await ids(orders)).toEqual(['m0', 'm2', 'm5'])
  })

  it('reports the outcome of what it lets through as it is', async () => {
    const { broker, clock, adapter } = await world({ middleware: { publish: [header('a')] } })
    adapter.failMessages(({ id }) => id === 'm1', 'unknown')
    adapter.failMessages(({ id }) => id === 'm2', 'definite')
    const batch = [0, 1, 2].map(n => ({ data: { n }, id: `m${n}` }))
    const { report } = await clock.run(refused(broker.publishMany(orders, batch)))
    expect(report?.failures.map(({ id, error }) => [id, error.outcome])).toEqual([
      ['m1', 'unknown'],
      ['m2', 'definite'],
    ])
  })

  it('leaves a refusal definite: nothing was sent', async () => {
    const { broker, adapter } = await world({ middleware: { publish: [header('a')] } })
    for (const publish of [
      () => broker.publish(orders, { n: 1n } as never),
      () => broker.publish(orders, { n: 1 }, { delay: -1 }),
    ]) {
      expect(await refused(publish())).toMatchObject({ outcome: 'definite' })
    }
    expect(calls(adapter)).toBe(0)
  })

  it('cannot hide a bad option of an item: rejected before anything is sent', async () => {
    const { broker, adapter } = await world({ middleware: { publish: [header('a')] } })
    for (const bad of [
      { data: { n: 1 }, kye: 1 },
      { data: { n: 1 }, delay: -1 },
      { data: { n: 1 }, headers: { '': '' } },
      null,
    ]) {
      const error = await refused(broker.publishMany(orders, [{ data: { n: 0 } }, bad] as never))
      expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', details: { index: 1 } })
    }
    expect(calls(adapter)).toBe(0)
  })

  it('carries the chain although it waits', async () => {
    const late: PublishMiddleware = async (draft, next) => {
      await Promise.resolve()
      return next(draft)
    }
    const { broker, clock, stored } = await world({ middleware: { publish: [late] } })
    const done = topic<{ n: number }>('orders.done')
    await clock.run(
      broker.subscribe(orders.subscription('billing'), async () => void (await broker.publish(done, { n: 1 }))),
    )
    const { id } = await clock.run(broker.publish(orders, { n: 1 }))
    await clock.advance(100)
    expect(await stored(done)).toMatchObject([{ causationId: id, correlationId: id }])
  })
})

describe('handle middleware', () => {
  const run = async (middleware: readonly HandleMiddleware[], handler: () => unknown = () => {}) => {
    const it = await world({ middleware: { handle: middleware } })
    const billing = orders.subscription('billing', { retry: { attempts: 2, delays: [10] } })
    await it.clock.run(it.broker.subscribe(billing, handler as never))
    await it.clock.run(it.broker.publish(orders, { n: 1 }, { id: 'a' }))
    await it.clock.advance(1_000)
    const dead = await it.clock.run(Array.fromAsync(it.broker.deadLetters(billing)))
    return { ...it, dead, counts: await it.clock.run(it.broker.counts(billing)) }
  }

  it('stands around every handler, the first outermost, each once per run', async () => {
    const log: string[] = []
    const around =
      (name: string): HandleMiddleware =>
      async (message, context, next) => {
        log.push(`${name} ${message.id} ${context.subscription} ${context.attempt}`)
        const outcome = await next()
        log.push(`${name} after`)
        return outcome
      }
    await run([around('a'), around('b')], () => void log.push('handler'))
    expect(log).toEqual(['a a billing 1', 'b a billing 1', 'handler', 'b after', 'a after'])
  })

  it('decides the outcome: what it returns or throws counts, and the handler need not run', async () => {
    let runs = 0
    const rejected = await run([() => reject('NOT_HERE')], () => void runs++)
    expect(rejected.dead).toMatchObject([{ reason: 'NOT_HERE' }])
    expect(runs).toBe(0)
    const thrown = await run([
      () => {
        throw new Error('middleware')
      },
    ])
    expect(thrown.dead[0]?.errors.map(({ message }) => message)).toEqual(['middleware', 'middleware'])
    const saved = await run(
      [
        async (_message, _context, next) => {
          try {
            return await next()
          } catch {
            return undefined
          }
        },
      ],
      () => {
        throw new Error('handler')
      },
    )
    expect(saved.dead).toEqual([])
  })

  it('fails the run when it calls next() twice', async () => {
    let runs = 0
    const { dead } = await run(
      [(_message, _context, next) => Promise.resolve(next()).then(() => next())],
      () => void runs++,
    )
    expect(dead[0]?.errors[0]?.message).toMatch(/twice/)
    expect(runs).toBe(2)
  })

  it('stays synchronous where it is, as a handler does', async () => {
    const { counts } = await run([(_message, _context, next) => next()])
    expect(counts).toMatchObject({ waiting: 0, leased: 0 })
  })
})
