import { type DeliveryEntry, deliveryJournal, fifo, reject, release, topic } from '@pluribus/core'
import { describe, expect, it } from 'vitest'
import { billing, GATHERED, orders, type World, world } from './kit.js'

const secret = 'hunter2'

/** Subscribes, publishes one message `a`, and lets what follows happen. */
async function handled(of: World, handler: (attempt: number, of: World) => unknown, ms = 2_000): Promise<void> {
  const run = (_: unknown, { attempt }: { attempt: number }) => handler(attempt, of) as undefined
  await of.clock.run(of.broker.subscribe(billing, run))
  await of.clock.run(of.broker.publish(orders, 1, { id: 'a', key: 'k', headers: { password: secret } }))
  await of.clock.advance(ms)
}

const told = (entries: readonly DeliveryEntry[]) => entries.map(({ outcome, attempt }) => `${outcome} ${attempt}`)

describe('the delivery journal', () => {
  it('has each failed run and the death, with its error, its time and how long it ran', async () => {
    const of = await world()
    const start = of.clock.now()
    await handled(of, async () => {
      await of.clock.sleep(20)
      throw new TypeError('no such customer')
    })
    const [page] = await of.pages()
    expect(page).toMatchObject({ format: 1, sequence: 1, dropped: 0 })
    expect(page?.process).toMatchObject({ instance: 'first', source: 'till', adapter: 'memory', pid: process.pid })
    const entries = await of.entries()
    expect(entries[0]).toEqual({
      ...{ outcome: 'retried', topic: 'orders.placed', subscription: 'billing', id: 'a', attempt: 1, delay: 50 },
      ...{ time: start + 20, duration: 20 },
      error: {
        ...{ name: 'TypeError', message: 'no such customer', attempt: 1, time: start + 20 },
        stack: expect.stringMatching(/^TypeError: no such customer\n {4}at /),
      },
    })
    expect(told(entries)).toEqual(['retried 1', 'retried 2', 'dead 3'])
    expect(entries[2]).toMatchObject({ reason: 'EXHAUSTED', error: { attempt: 3 }, duration: 20 })
    expect(entries[2]).not.toHaveProperty('delay')
  })

  it('has neither payload, headers nor key of a message', async () => {
    const of = await world({ journal: 'all' })
    await handled(of, () => reject('NO_CUSTOMER'))
    const [entry] = await of.entries()
    expect(Object.keys(entry ?? {}).sort()).toEqual(
      ['attempt', 'duration', 'id', 'outcome', 'reason', 'subscription', 'time', 'topic'].sort(),
    )
    expect(JSON.stringify(await of.pages())).not.toContain(secret)
  })

  it('has failures only, unless everything is asked for', async () => {
    const outcome = async (journal: 'failures' | 'all' | undefined) => {
      const of = await world(journal === undefined ? {} : { journal })
      await handled(of, attempt => {
        if (attempt === 1) throw new Error('once')
      })
      return told(await of.entries())
    }
    expect(await outcome(undefined)).toEqual(['retried 1'])
    expect(await outcome('failures')).toEqual(['retried 1'])
    expect(await outcome('all')).toEqual(['retried 1', 'acked 2'])
  })

  it('has what was given back where everything is asked for', async () => {
    const of = await world({ journal: 'all' })
    let runs = 0
    await handled(of, () => (runs++ === 0 ? release() : undefined))
    expect(told(await of.entries())).toEqual(['released 1', 'acked 1'])
  })

  it('has how long every run took where everything is asked for', async () => {
    const of = await world({ journal: 'all' })
    await handled(of, () => of.clock.sleep(30))
    expect(await of.entries()).toMatchObject([{ outcome: 'acked', duration: 30 }])
  })

  it.each([
    ['lost', ({ adapter }: World): number => adapter.takeLeases()],
    ['stale', ({ adapter }: World): void => adapter.settleExceptions('stale')],
    ['unconfirmed', ({ adapter }: World): void => adapter.loseReplies('settle')],
  ] as const)('has what was %s', async (outcome, wrong) => {
    const of = await world()
    let runs = 0
    await handled(of, async () => {
      await of.clock.sleep(10)
      if (runs++ === 0) wrong(of)
      await of.clock.sleep(10)
    })
    await of.clock.advance(60_000)
    expect((await of.entries()).map(entry => entry.outcome)).toContain(outcome)
  })

  it('has the handler that outlives its grace, and then its failed run', async () => {
    const of = await world()
    await handled(of, attempt => (attempt === 1 ? of.clock.sleep(1_000) : undefined))
    const entries = await of.entries()
    expect(told(entries)).toEqual(['abandoned 1', 'retried 1'])
    expect(entries[1]).toMatchObject({ duration: 300, error: { code: 'TIMEOUT' } })
  })

  it('gathers what happens within a moment into one page', async () => {
    const of = await world()
    await of.clock.run(
      of.broker.subscribe(billing, () => {
        throw new Error('always')
      }),
    )
    await of.clock.run(
      of.broker.publishMany(
        orders,
        Array.from({ length: 50 }, (_, data) => ({ data })),
      ),
    )
    await of.clock.advance(GATHERED)
    const pages = await of.pages()
    expect(pages.length).toBeLessThanOrEqual(2)
    expect(pages[0]?.entries.length).toBeGreaterThanOrEqual(50)
  })

  it('cuts what is more than a page has into several, in order', async () => {
    const of = await world()
    await of.clock.run(
      of.broker.subscribe(orders.subscription('billing', { retry: { attempts: 1, delays: [] } }), () => {
        throw new Error('x'.repeat(5_000))
      }),
    )
    // By then the process has been told of: what follows is told of deliveries alone.
    await of.clock.run(of.broker.publish(orders, 0, { id: 'first' }))
    await of.clock.advance(GATHERED)
    const ids = Array.from({ length: 100 }, (_, n) => `order-${n}`)
    await of.clock.run(
      of.broker.publishMany(
        orders,
        ids.map((id, data) => ({ data, id })),
      ),
    )
    await of.clock.advance(1_000)
    const pages = await of.pages()
    expect(pages.length).toBeGreaterThan(5)
    expect(pages.map(({ sequence }) => sequence)).toEqual(pages.map((_, at) => at + 1))
    expect(pages.flatMap(({ entries }) => entries.map(({ id }) => id))).toEqual(['first', ...ids])
    for (const page of pages) expect(JSON.stringify(page).length).toBeLessThan(100_000)
  })

  it('keeps of an error what a dead letter keeps of it', async () => {
    const of = await world()
    await handled(of, () => {
      throw Object.assign(new Error('m'.repeat(100_000)), { stack: 's'.repeat(100_000) })
    })
    const [dead] = await of.clock.run(Array.fromAsync(of.broker.deadLetters(billing)))
    const entries = await of.entries()
    expect(entries.map(({ error }) => error)).toEqual(dead?.errors)
    expect(entries[0]?.error?.stack?.length).toBeLessThan(17_000)
  })

  it('is told nothing of its own topics: a reader that fails has no entries', async () => {
    const of = await world()
    const reading = deliveryJournal.subscription('log', { retry: { attempts: 2, delays: [10] } })
    const read: number[] = []
    await of.clock.run(
      of.broker.subscribe(reading, ({ data }) => {
        read.push(data.entries.length)
        throw new Error('cannot read')
      }),
    )
    await handled(of, () => reject('NO_CUSTOMER'))
    expect(read).toEqual([1, 1])
    expect(await of.clock.run(of.broker.counts(reading))).toMatchObject({ dead: 1 })
    expect(told(await of.entries())).toEqual(['dead 1'])
  })

  it('is not told of as a publish, and passes no middleware', async () => {
    const seen: string[] = []
    const of = await world({
      middleware: {
        publish: [
          (draft, next) => {
            seen.push(`middleware ${draft.topic}`)
            return next(draft)
          },
        ],
      },
    })
    of.broker.on('message.published', ({ topic: name }) => void seen.push(`event ${name}`))
    await handled(of, () => reject('NO_CUSTOMER'))
    expect(await of.entries()).toHaveLength(1)
    expect(seen).toEqual(['middleware orders.placed', 'event orders.placed'])
  })

  it('carries no cause: what it writes belongs to no chain', async () => {
    const of = await world()
    await handled(of, () => reject('NO_CUSTOMER'))
    const [message] = await of.clock.run(Array.fromAsync(of.broker.history(deliveryJournal)))
    expect(message).toMatchObject({ causationId: undefined, source: 'till', correlationId: message?.id })
  })

  it('is not written where it is off, nor is the process', async () => {
    const of = await world({ journal: 'off' })
    await handled(of, () => reject('NO_CUSTOMER'))
    await of.clock.run(of.broker.close())
    expect([await of.pages(), await of.reports()]).toEqual([[], []])
  })

  it('costs nothing while all goes well: nobody listens to what succeeds, and nothing is published', async () => {
    const of = await world()
    await handled(of, () => undefined)
    const [published] = [of.adapter.calls('publish')]
    await of.clock.run(
      of.broker.publishMany(
        orders,
        Array.from({ length: 500 }, (_, data) => ({ data })),
      ),
    )
    await of.clock.advance(1_000)
    expect(of.adapter.calls('publish')).toBe(published + 1)
    expect(await of.entries()).toEqual([])
  })

  it('is read by a subscription as any other topic is', async () => {
    const of = await world()
    const read: DeliveryEntry[] = []
    const audit = deliveryJournal.subscription('error-log', { discipline: fifo() })
    await of.clock.run(of.broker.subscribe(audit, ({ data }) => void read.push(...data.entries)))
    await handled(of, () => reject('NO_CUSTOMER'))
    expect(read).toMatchObject([{ outcome: 'dead', reason: 'NO_CUSTOMER', id: 'a' }])
  })
})

describe('the names of our own topics', () => {
  it('are nobody else’s to declare', () => {
    expect(() => topic('pluribus.mine')).toThrow(/Pluribus's own.*deliveryJournal/)
    expect(() => topic('pluribus.deliveries')).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    expect(topic('pluribus').name).toBe('pluribus')
    expect(topic('pluribus-shop.orders').name).toBe('pluribus-shop.orders')
  })

  it('are nobody else’s to publish to', async () => {
    const of = await world()
    const page = { format: 1, process: {}, sequence: 1, dropped: 0, entries: [] } as never
    const refused = { code: 'INVALID_ARGUMENT', outcome: 'definite' }
    await expect(of.clock.run(of.broker.publish(deliveryJournal, page))).rejects.toMatchObject(refused)
    await expect(of.clock.run(of.broker.publishMany(deliveryJournal, [{ data: page }]))).rejects.toMatchObject(refused)
    expect(await of.pages()).toEqual([])
  })
})
