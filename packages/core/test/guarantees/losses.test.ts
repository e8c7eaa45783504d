import {
  type Context,
  type Discipline,
  fifo,
  lifo,
  type Message,
  priority,
  type SubscribeOptions,
  topic,
} from '@pluribus/core'
import { describe, expect, test } from 'vitest'
import { type Process, range, sorted, World } from './consume-kit.js'

const orders = topic<number>('orders.placed')
const KILLERS = ['137', '200']
const DISCIPLINES: readonly Discipline[] = [fifo(), lifo(), priority({ levels: 10 })]
const never = new Promise<undefined>(() => {})

/** A new process takes over until the subscription is empty; whoever meets a killer dies of it. */
class Succession {
  readonly world = new World()
  readonly killed: string[] = []
  readonly #options: SubscribeOptions
  readonly #work: (message: Message<number>) => unknown
  readonly billing

  constructor(discipline: Discipline, options: SubscribeOptions, work: (message: Message<number>) => unknown) {
    this.#options = options
    this.#work = work
    this.billing = orders.subscription('billing', { discipline })
  }

  async publish(count: number): Promise<void> {
    const publisher = await this.world.start({ name: 'publisher' })
    await this.world.run(publisher.broker.declare(this.billing))
    const items = range(count).map(id => ({ data: Number(id), id, priority: Number(id) % 10 }))
    await this.world.run(publisher.broker.publishMany(orders, items))
  }

  async takeOver(): Promise<Process> {
    const { world } = this
    const process = await world.start({ name: `taker-${world.processes.length}` })
    const handler = world.recorder.handler(
      (message: Message<number>) => {
        if (!KILLERS.includes(message.id)) return this.#work(message)
        this.killed.push(message.id)
        process.adapter.kill()
        world.recorder.died(process.name)
        return never
      },
      { process: process.name },
    )
    await world.run(process.broker.subscribe(this.billing, handler as never, this.#options))
    return process
  }

  /** Answers how many processes it took. */
  async runDry(): Promise<number> {
    const { world } = this
    const publisher = world.processes[0] as Process
    for (let processes = 1; processes < 30; processes++) {
      const process = await this.takeOver()
      for (let waited = 0; !process.adapter.killed; waited++) {
        await world.clock.advance(5_000)
        const counts = await world.run(publisher.broker.counts(this.billing))
        if (counts.waiting === 0 && counts.leased === 0 && counts.retrying === 0) return processes
        if (waited > 60) throw new Error(`stuck: ${JSON.stringify(counts)}`)
      }
    }
    throw new Error(`The killers go on killing: ${this.killed}`)
  }
}

describe('guarantee 5: losses, suspects and marks', () => {
  for (const discipline of DISCIPLINES) {
    for (const [style, options, isAsync] of [
      ['synchronous handlers, one at a time', { concurrency: 1, prefetch: 255 }, false],
      ['synchronous handlers, 256 slots', { concurrency: 256, prefetch: 0 }, false],
      ['asynchronous handlers, 64 at once', { concurrency: 64, prefetch: 192 }, true],
    ] as const) {
      test(`${discipline.kind}, ${style}: of 256 exactly the two that end their process die`, async () => {
        const succession = new Succession(discipline, options, () => {
          return isAsync ? succession.world.clock.sleep(20) : undefined
        })
        await succession.publish(256)
        const processes = await succession.runDry()
        const publisher = succession.world.processes[0] as Process
        const letters = await succession.world.dead(publisher, succession.billing)
        expect(sorted(letters.map(letter => letter.message.id))).toEqual(KILLERS)
        for (const letter of letters) {
          expect(letter).toMatchObject({ reason: 'CRASHED', losses: 5, attempts: 0 })
          expect(letter.errors).toHaveLength(1)
        }
        // Two losses beside others, three alone: five runs each, and each of them ended a process.
        for (const id of KILLERS) expect(succession.killed.filter(each => each === id).length).toBeLessThanOrEqual(5)
        expect(processes).toBe(succession.killed.length + 1)
        const acked = succession.world.processes.flatMap(process => process.eventIds('delivery.acked'))
        expect(sorted([...new Set(acked)])).toEqual(range(256).filter(id => !KILLERS.includes(id)))
        expect(succession.world.recorder.overlapping()).toEqual([])
        await succession.world.end()
      })
    }
  }
})

describe('guarantee 5: what is no loss', () => {
  for (const drain of ['0s', '10s']) {
    test(`twenty graceful restarts over a backlog, drain ${drain}: no loss, no attempt, nothing dead`, async () => {
      const world = new World()
      const billing = orders.subscription('billing')
      const publisher = await world.start({ name: 'publisher' })
      await world.run(publisher.broker.declare(billing))
      await world.publish(publisher, orders, 256)
      const losses: number[] = []
      const handler = world.recorder.handler(async (_: Message<number>, context: Context) => {
        losses.push(context.losses)
        await world.clock.sleep(100, context.signal)
      })
      for (let restart = 0; restart < 20; restart++) {
        const process = await world.start()
        await world.run(process.broker.subscribe(billing, handler, { concurrency: 4 }))
        await world.clock.advance(250)
        const closed = world.clock.monotonic()
        await world.run(process.broker.close({ drain }))
        expect(world.clock.monotonic() - closed).toBeLessThanOrEqual(100)
        expect(process.eventIds('delivery.dead')).toEqual([])
        expect(process.eventIds('delivery.retried')).toEqual([])
        const counts = await world.run(publisher.broker.counts(billing))
        expect(counts).toMatchObject({ leased: 0, retrying: 0, dead: 0 })
      }
      const last = await world.start()
      await world.run(last.broker.subscribe(billing, handler, { concurrency: 64 }))
      await world.clock.advance(5_000)
      expect(new Set(world.recorder.runs.map(run => run.attempt))).toEqual(new Set([1]))
      expect(new Set(losses)).toEqual(new Set([0]))
      const acked = world.processes.flatMap(process => process.eventIds('delivery.acked'))
      expect(sorted(acked)).toEqual(range(256))
      expect(world.recorder.overlapping()).toEqual([])
      await world.end()
    })
  }

  test('a cut whose message returns to the run that held it: no loss, no failed run, no second run', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing', { timeout: '10m' })
    const handler = world.recorder.handler(async (_: Message<number>, { signal }: Context) =>
      world.clock.sleep(100_000, signal),
    )
    await world.run(process.broker.subscribe(billing, handler, { concurrency: 8 }))
    await world.publish(process, orders, 8)
    await world.clock.advance(1_000)
    process.adapter.endSources()
    await world.clock.advance(1_000)
    // The source came back at once, and so did what it had held.
    await world.clock.advance(120_000)
    expect(world.recorder.runs.map(run => `${run.id}/${run.attempt}`)).toEqual(range(8).map(id => `${id}/1`))
    expect(sorted(process.eventIds('delivery.acked'))).toEqual(range(8))
    await world.end()
  })

  test('a run that ends while its connection is down is settled when its message comes back, and not run again', async () => {
    const world = new World()
    const process = await world.start({ lease: '30s' })
    const billing = orders.subscription('billing', { timeout: '10m' })
    const handler = world.recorder.handler(() => world.clock.sleep(5_000))
    await world.run(process.broker.subscribe(billing, handler, { concurrency: 8 }))
    await world.publish(process, orders, 8)
    await world.clock.advance(1_000)
    process.adapter.refuse()
    process.adapter.cut()
    await world.clock.advance(10_000)
    process.adapter.accept()
    await world.clock.advance(60_000)
    expect(world.recorder.ids()).toEqual(range(8))
    expect(sorted(process.eventIds('delivery.acked'))).toEqual(range(8))
    await world.end()
  })

  for (const [style, isAsync] of [
    ['synchronous', false],
    ['asynchronous', true],
  ] as const) {
    test(`a ${style} handler under which the connection is cut: its result still counts, nothing runs twice at once`, async () => {
      const world = new World()
      const process = await world.start()
      const billing = orders.subscription('billing', { timeout: '10m' })
      const losses: number[] = []
      const handler = world.recorder.handler((message: Message<number>, context: Context) => {
        losses.push(context.losses)
        if (message.id === '2' && process.adapter.generation === 1) process.adapter.endSources()
        if (message.id === '3' && process.adapter.generation === 1) process.adapter.cut()
        return isAsync ? world.clock.sleep(60_000) : undefined
      })
      await world.run(process.broker.subscribe(billing, handler as never, { concurrency: 4 }))
      await world.publish(process, orders, 4)
      await world.clock.advance(240_000)
      expect(world.recorder.overlapping()).toEqual([])
      expect(new Set(world.recorder.runs.map(run => run.attempt))).toEqual(new Set([1]))
      expect(new Set(losses)).toEqual(new Set([0]))
      expect(world.recorder.runsOf('2')).toHaveLength(1)
      expect(world.recorder.runsOf('3')).toHaveLength(1)
      expect(sorted([...new Set(process.eventIds('delivery.acked'))])).toEqual(range(4))
      await world.end()
    })
  }

  test('a lease that is taken away under a handler before its first await: told by the signal, not run twice at once', async () => {
    const world = new World()
    const process = await world.start()
    const billing = orders.subscription('billing', { timeout: '10m' })
    let takes = 1
    const handler = world.recorder.handler(async (_: Message<number>, { signal }: Context) => {
      if (takes-- > 0) process.adapter.takeLeases()
      // It honours the signal, and takes a moment to tidy up.
      await world.clock.sleep(10_000, signal).finally(() => world.clock.sleep(300))
    })
    await world.run(process.broker.subscribe(billing, handler, { concurrency: 4 }))
    await world.publish(process, orders, 1)
    await world.clock.advance(60_000)
    expect(world.recorder.overlapping()).toEqual([])
    expect(world.recorder.runs.map(run => run.aborted)).toEqual([true, false])
    expect(process.eventIds('delivery.lost')).toEqual(['1'])
    expect(process.eventIds('delivery.acked')).toEqual(['1'])
    await world.end()
  })
})
