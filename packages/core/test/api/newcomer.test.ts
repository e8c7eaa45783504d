import { reject, retry, topic } from '@pluribus/core'
import { recordingLogger } from '@pluribus/core/testing'
import { describe, expect, it, vi } from 'vitest'
import { refused, world } from '../publishing/kit.js'

const orders = topic<{ n: number }>('orders.placed')
const billing = orders.subscription('billing', { retry: { attempts: 2, delays: [50] }, timeout: 200, grace: 100 })

describe('what somebody new runs into', () => {
  it('a message that dies of failures is logged as a warning, each failure for debugging, a rejection as information', async () => {
    const logger = recordingLogger()
    const { broker, clock } = await world({ logger })
    const handler = ({ data }: { data: { n: number } }) => {
      if (data.n === 2) return reject('NO_CUSTOMER')
      throw new TypeError('customer is undefined')
    }
    await clock.run(broker.subscribe(billing, handler))
    await clock.run(
      broker.publishMany(orders, [
        { data: { n: 1 }, id: 'a' },
        { data: { n: 2 }, id: 'b' },
      ]),
    )
    await clock.advance(1_000)
    const told = logger.lines.filter(line => 'subscription' in line.details)
    expect(told.filter(line => line.level === 'warn')).toMatchObject([
      { details: { id: 'a', reason: 'EXHAUSTED', error: { message: 'customer is undefined' } } },
    ])
    expect(told.filter(line => line.level === 'debug')).toMatchObject([{ details: { id: 'a', attempt: 1, delay: 50 } }])
    expect(told.filter(line => line.level === 'info')).toMatchObject([{ details: { id: 'b', reason: 'NO_CUSTOMER' } }])
  })

  it('an abandoned handler is logged as a warning', async () => {
    const logger = recordingLogger()
    const { broker, clock } = await world({ logger })
    await clock.run(broker.subscribe(billing, () => new Promise<void>(() => {})))
    await clock.run(broker.publish(orders, { n: 1 }, { id: 'a' }))
    await clock.advance(350)
    expect(logger.lines.filter(line => line.level === 'warn')).toMatchObject([{ details: { id: 'a', attempt: 1 } }])
  })

  it('a handler that returns a function, having forgotten to call it, has failed', async () => {
    const { broker, clock } = await world()
    await clock.run(broker.subscribe(billing, (() => retry) as never))
    await clock.run(broker.publish(orders, { n: 1 }))
    await clock.advance(1_000)
    const dead = await clock.run(Array.fromAsync(broker.deadLetters(billing)))
    expect(dead[0]?.errors[0]).toMatchObject({ code: 'HANDLER_FAILED', message: expect.stringContaining('Call it') })
  })

  it('subscribing the same again with other options is a conflict, with the same ones the same handle', async () => {
    const { broker, clock } = await world()
    const handler = () => {}
    const handle = await clock.run(broker.subscribe(billing, handler, { concurrency: 2 }))
    expect(await clock.run(broker.subscribe(billing, handler, { concurrency: 2 }))).toBe(handle)
    expect(await refused(clock.run(broker.subscribe(billing, handler, { concurrency: 9 })))).toMatchObject({
      code: 'CONFLICT',
    })
  })

  it('what is refused before it is sent is definite', async () => {
    const { broker, clock } = await world()
    const wrong = [
      () => broker.publish(orders, { n: new Date() } as never),
      () => broker.publish(orders, { n: 1 }, { prio: 1 } as never),
      () => broker.publish(orders, { n: 1 }, { priority: -1 }),
    ]
    wrong.push(() => broker.publishMany({} as never, []) as never)
    for (const publish of wrong) expect(await refused(clock.run(publish()))).toMatchObject({ outcome: 'definite' })
  })

  it('a logger that throws stops nothing, and is told of on stderr', async () => {
    const told = vi.spyOn(console, 'error').mockImplementation(() => {})
    const throws = () => {
      throw new Error('the disk is full')
    }
    const { broker, clock } = await world({ logger: { debug: throws, info: throws, warn: throws, error: throws } })
    await clock.run(broker.subscribe(billing, throws))
    await clock.run(broker.publish(orders, { n: 1 }))
    await clock.advance(1_000)
    expect(await clock.run(broker.counts(billing))).toMatchObject({ waiting: 0, leased: 0, dead: 1 })
    await clock.run(broker.close())
    expect(told).toHaveBeenCalled()
    told.mockRestore()
  })
})
