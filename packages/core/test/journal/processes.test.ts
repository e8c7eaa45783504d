import { createBroker, processJournal, processState, topic } from '@pluribus/core'
import { memory } from '@pluribus/memory'
import { expect, it } from 'vitest'
import { VERSION } from '../../src/version.js'
import { billing, GATHERED, orders, world } from './kit.js'

const HEARTBEAT = 30_000

it('says what a process is, what it publishes and consumes', async () => {
  const of = await world({ journal: 'all' })
  const start = of.clock.now()
  await of.clock.run(of.broker.subscribe(billing, () => {}, { concurrency: 8, prefetch: 16 }))
  await of.clock.run(of.broker.publish(orders, 1))
  await of.clock.advance(GATHERED)
  const [report, ...more] = await of.reports()
  expect(more).toEqual([])
  expect(report).toEqual({
    ...{ format: 1, sequence: 1, state: 'running', time: expect.any(Number), every: HEARTBEAT, journal: 'all' },
    process: {
      ...{ instance: 'first', source: 'till', adapter: 'memory', version: VERSION, started: start },
      ...{ host: expect.stringMatching(/./), pid: process.pid, runtime: `node ${process.versions.node}` },
    },
    publishes: ['orders.placed'],
    subscriptions: [{ topic: 'orders.placed', name: 'billing', state: 'consuming', concurrency: 8, prefetch: 16 }],
    ...{ omitted: 0, dropped: 0 },
  })
})

it('says so when that changes, and now and then when it does not', async () => {
  const of = await world()
  const consumer = await of.clock.run(of.broker.subscribe(billing, () => {}))
  await of.clock.advance(GATHERED)
  await of.clock.run(of.broker.publish(orders, 1))
  await of.clock.advance(GATHERED)
  await of.clock.run(of.broker.publish(orders, 2))
  await of.clock.advance(GATHERED)
  consumer.pause()
  await of.clock.advance(HEARTBEAT)
  await of.clock.run(consumer.close())
  await of.clock.advance(GATHERED)
  const reports = await of.reports()
  expect(
    reports.map(({ sequence, publishes, subscriptions }) => [sequence, publishes.length, subscriptions[0]?.state]),
  ).toEqual([
    [1, 0, 'consuming'],
    [2, 1, 'consuming'],
    [3, 1, 'paused'],
    [4, 1, undefined],
  ])
})

it('says that it ends, and nothing after that', async () => {
  const of = await world()
  await of.clock.run(of.broker.subscribe(billing, () => {}))
  await of.clock.advance(GATHERED)
  await of.clock.run(of.broker.close())
  await of.clock.advance(10 * HEARTBEAT)
  const reports = await of.reports()
  expect(reports.map(({ state, subscriptions }) => [state, subscriptions.length])).toEqual([
    ['running', 1],
    ['ended', 0],
  ])
  expect(of.clock.pendingTimers).toBe(0)
})

it('says it, too, of a process that ends before it has said anything', async () => {
  const of = await world()
  await of.clock.run(of.broker.publish(orders, 1))
  await of.clock.run(of.broker.close())
  expect(await of.reports()).toMatchObject([{ sequence: 1, state: 'ended', publishes: ['orders.placed'] }])
})

it('says nothing of a process that only looks', async () => {
  const of = await world()
  await of.clock.run(of.broker.declare(orders, billing))
  await of.clock.run(Array.fromAsync(of.broker.history(orders)))
  await of.clock.run(of.broker.subscribe(processJournal.subscription('dashboard'), () => {}))
  await of.clock.advance(2 * HEARTBEAT)
  await of.clock.run(of.broker.close())
  expect(await of.reports()).toEqual([])
})

it('says nothing of subscriptions that only read the journal', async () => {
  const of = await world()
  await of.clock.run(of.broker.subscribe(processJournal.subscription('dashboard'), () => {}))
  await of.clock.run(of.broker.subscribe(billing, () => {}))
  await of.clock.advance(GATHERED)
  expect((await of.reports()).map(({ subscriptions }) => subscriptions.map(({ name }) => name))).toEqual([['billing']])
})

it('has nothing to say after the end, whatever a handler does that goes on', async () => {
  const of = await world()
  const late = topic<number>('orders.late')
  let isRefused: boolean | undefined
  await of.clock.run(
    of.broker.subscribe(billing, async (_, context) => {
      await of.clock.sleep(500)
      isRefused = await context.publish(late, 1).then(
        () => false,
        () => true,
      )
    }),
  )
  await of.clock.run(of.broker.publish(orders, 1))
  await of.clock.run(of.broker.close({ drain: 0 }))
  await of.clock.until(() => isRefused !== undefined)
  expect([isRefused, of.clock.pendingTimers]).toEqual([true, 0])
  expect((await of.reports()).map(({ state }) => state)).toEqual(['ended'])
})

it('says it again on the next connection: the server may have been wiped', async () => {
  const of = await world()
  await of.clock.run(of.broker.subscribe(billing, () => {}))
  await of.clock.advance(GATHERED)
  of.adapter.cut()
  await of.clock.advance(5_000)
  expect(await of.reports()).toHaveLength(2)
})

it('lists what fits into a message, and says how much is left out', async () => {
  const of = await world({ script: { capabilities: { limits: { payload: 40_960, headers: 65_536, hold: 60_000 } } } })
  for (let n = 0; n < 60; n++) await of.clock.run(of.broker.publish(topic<number>(`${'t'.repeat(90)}.${n}`), n))
  await of.clock.advance(GATHERED)
  const report = (await of.reports()).at(-1)
  expect([report?.publishes.length, report?.omitted]).toEqual([40, 20])
})

it('tells a reader which processes run, have ended, or are silent', async () => {
  const of = await world()
  await of.clock.run(of.broker.subscribe(billing, () => {}))
  await of.clock.advance(GATHERED)
  const [report] = await of.reports()
  if (report === undefined) throw new Error('There is no report.')
  const { time } = report
  expect(processState(report, time)).toBe('running')
  expect(processState(report, time - 60_000)).toBe('running')
  expect(processState(report, time + 3 * HEARTBEAT)).toBe('running')
  expect(processState(report, time + 3 * HEARTBEAT + 1)).toBe('silent')
  expect(processState({ ...report, state: 'ended' }, time + 10 * HEARTBEAT)).toBe('ended')
})

it('leaves no report of a broker that could not connect', async () => {
  const of = await world()
  of.adapter.refuse()
  const options = { adapter: of.adapter, environment: of.clock.environment(), connectTimeout: 1_000, logger: false }
  await expect(of.clock.run(createBroker(options as never))).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  const looking = { adapter: memory({ store: of.store }), environment: of.clock.environment(), journal: 'off' } as const
  const reader = await of.clock.run(createBroker(looking))
  await expect(of.clock.run(Array.fromAsync(reader.history(processJournal)))).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
})
