import { type Broker, topic } from '@pluribus/core'
import type { FaultOperation } from '@pluribus/core/testing'
import { describe, expect, it } from 'vitest'
import { calls, collect, refused, world } from '../publishing/kit.js'

const orders = topic<{ n: number }>('orders.placed')
const billing = orders.subscription('billing', { retry: { attempts: 1 } })

const QUERIES: readonly (readonly [FaultOperation, (broker: Broker) => Promise<unknown>])[] = [
  ['counts', broker => broker.counts(billing)],
  ['redrive', broker => broker.redrive(billing)],
  ['discard', broker => broker.discard(billing)],
  ['remove', broker => broker.remove(billing)],
  ['declare', broker => broker.declare(orders)],
  ['history', broker => collect(broker.history(orders))],
  ['deadLetters', broker => collect(broker.deadLetters(billing))],
]

async function prepared() {
  const of = await world({ connectTimeout: '3s' })
  await of.clock.run(of.broker.declare(billing))
  return of
}

describe.each(QUERIES.map(([operation, ask]) => ({ operation, ask })))('$operation', ({ operation, ask }) => {
  it('is answered', async () => {
    const { broker, clock } = await prepared()
    await clock.run(ask(broker))
  })

  it('ends after 10 s where the broker does not answer, as TIMEOUT, and the connection is replaced', async () => {
    const { broker, clock, adapter } = await prepared()
    adapter.loseReplies(operation, { hang: true })
    const started = clock.monotonic()
    const error = await clock.run(refused(ask(broker)))
    expect(error).toMatchObject({ code: 'TIMEOUT', retryable: true })
    expect(clock.monotonic() - started).toBe(10_000)
    await clock.run(ask(broker).catch(() => {}))
    expect(adapter.generation).toBe(2)
  })

  it('ends with its connection', async () => {
    const { broker, clock, adapter } = await prepared()
    adapter.hold(operation)
    const asking = refused(ask(broker))
    await clock.settle()
    adapter.cut()
    expect(await clock.run(asking)).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
  })

  it('ends with its connection also where the adapter forgets about it', async () => {
    const { broker, clock, adapter } = await prepared()
    adapter.loseReplies(operation, { hang: true })
    const asking = refused(ask(broker))
    await clock.advance(1_000)
    await clock.run(broker.close())
    expect((await clock.run(asking)).code).toMatch(/CLOSED|UNAVAILABLE/)
    expect(clock.pendingTimers).toBe(0)
  })

  it('waits for a connection, and fails after connectTimeout with the reason', async () => {
    const { broker, clock, adapter } = await prepared()
    adapter.refuse()
    adapter.cut()
    const started = clock.monotonic()
    const error = await clock.run(refused(ask(broker)))
    expect(clock.monotonic() - started).toBe(3_000)
    expect(error).toMatchObject({ code: 'UNAVAILABLE', outcome: 'definite' })
    expect(error.message).toMatch(/the connection was refused/)
    const asking = ask(broker)
    adapter.accept()
    await clock.run(asking)
  })

  it('tells what it was doing when the adapter fails', async () => {
    const { broker, clock, adapter } = await prepared()
    adapter.failBefore(operation)
    const error = await clock.run(refused(ask(broker)))
    expect(error.message).toMatch(/^memory: cannot .*: \w+ failed$/)
    expect(error.code).toBe('UNAVAILABLE')
  })
})

describe('subscribe', () => {
  it('waits for a connection, and fails after connectTimeout with the reason', async () => {
    const { broker, clock, adapter } = await prepared()
    adapter.refuse()
    adapter.cut()
    const before = calls(adapter)
    const error = await clock.run(refused(broker.subscribe(billing, () => {})))
    expect(error).toMatchObject({ code: 'UNAVAILABLE', outcome: 'definite' })
    expect(calls(adapter)).toBe(before)
  })

  it('does not wait for ever for a source that is never opened', async () => {
    const { broker, clock, adapter } = await prepared()
    adapter.loseReplies('open', { hang: true })
    const ended = broker
      .subscribe(billing, () => {})
      .then(
        () => 'opened',
        error => error.code,
      )
    expect(await clock.run(ended)).toMatch(/opened|TIMEOUT|UNAVAILABLE/)
  })
})

describe('history', () => {
  it('gives up what the adapter holds open for it when it is left early', async () => {
    const { broker, clock } = await prepared()
    await clock.run(
      broker.publishMany(
        orders,
        [1, 2, 3].map(n => ({ data: { n } })),
      ),
    )
    const read = async () => {
      for await (const message of broker.history(orders)) return message.data.n
      return undefined
    }
    expect(await clock.run(read())).toBe(1)
  })

  it('ends where its connection is lost between two messages: it does not go on with another one', async () => {
    const { broker, clock, adapter } = await prepared()
    await clock.run(
      broker.publishMany(
        orders,
        [1, 2, 3].map(n => ({ data: { n } })),
      ),
    )
    const seen: number[] = []
    const read = async () => {
      for await (const message of broker.history(orders)) {
        seen.push(message.data.n)
        adapter.cut()
        await clock.sleep(1_000)
      }
    }
    expect(await clock.run(refused(read()))).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
    expect(seen).toEqual([1])
    expect(adapter.generation).toBe(2)
  })

  it('gives every reader data of its own', async () => {
    const { broker, clock } = await prepared()
    await clock.run(broker.publish(orders, { n: 1 }))
    const [first] = await clock.run(collect(broker.history(orders)))
    if (first !== undefined) first.data.n = 9
    const [second] = await clock.run(collect(broker.history(orders)))
    expect(second?.data).toEqual({ n: 1 })
  })

  it('shows what cannot be decoded when its data is read, not before', async () => {
    const { broker, clock } = await prepared()
    const text = topic<string>('orders.placed', {
      codec: { contentType: 'text/plain', encode: value => value, decode: String },
    })
    await clock.run(broker.publish(text, 'no JSON'))
    const [message] = await clock.run(collect(broker.history(orders)))
    expect(message?.payload).toBe('no JSON')
    expect(() => message?.data).toThrow(expect.objectContaining({ code: 'DECODING' }))
  })
})
