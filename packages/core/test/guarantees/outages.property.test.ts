import { type Context, type Discipline, fifo, lifo, type Message, priority, topic } from '@pluribus/core'
import type { FaultAction, FaultOperation, FaultStep } from '@pluribus/core/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Process, World } from './consume-kit.js'

const orders = topic<number>('orders.placed')
const ATTEMPTS = 3
const CALLS: readonly FaultOperation[] = [
  'declare',
  'open',
  'pull',
  'settle',
  'renew',
  'mark',
  'connect',
  'closeSource',
]

/** What a message does to its handlers: fails so often, in such a way, taking so long. */
interface Behaviour {
  readonly failures: number
  readonly way: 'throw' | 'reject' | 'timeout'
  /** Milliseconds; 0: synchronously. */
  readonly takes: number
  readonly key: number
}

type Blow =
  | { readonly kind: 'cut' | 'take' | 'end' | 'endHeld' | 'restart' | 'kill'; readonly process: number }
  | { readonly kind: 'refuse'; readonly process: number; readonly ms: number }

interface Scenario {
  readonly discipline: Discipline
  readonly concurrency: number
  readonly prefetch: number
  readonly behaviours: readonly Behaviour[]
  readonly scripts: readonly (readonly FaultStep[])[]
  readonly blows: readonly { readonly blow: Blow; readonly after: number }[]
}

const ACTIONS: readonly FaultAction[] = ['fail', 'hang', 'cut', 'lose-reply']
const behaviour: fc.Arbitrary<Behaviour> = fc.record({
  failures: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 4 }) },
  ),
  way: fc.constantFrom('throw', 'reject', 'timeout'),
  takes: fc.constantFrom(0, 1, 300, 1_500),
  key: fc.integer({ min: 0, max: 6 }),
})
const step: fc.Arbitrary<FaultStep> = fc
  .record({ on: fc.constantFrom(...CALLS), call: fc.integer({ min: 1, max: 12 }), do: fc.constantFrom(...ACTIONS) })
  // Without a first connection there is no broker.
  .filter(({ on, call }) => on !== 'connect' || call > 1)
const process = fc.integer({ min: 0, max: 1 })
const blow: fc.Arbitrary<Blow> = fc.oneof(
  fc.record({ kind: fc.constantFrom('cut', 'take', 'end', 'endHeld', 'restart', 'kill'), process }),
  fc.record({ kind: fc.constant('refuse'), process, ms: fc.integer({ min: 1, max: 20_000 }) }),
)
const scenario: fc.Arbitrary<Scenario> = fc.record({
  discipline: fc.constantFrom(fifo(), lifo(), priority({ levels: 4 })),
  concurrency: fc.constantFrom(1, 3, 16),
  prefetch: fc.constantFrom(0, 4, 64),
  behaviours: fc.array(behaviour, { minLength: 1, maxLength: 40 }),
  scripts: fc.array(fc.array(step, { maxLength: 8 }), { minLength: 2, maxLength: 2 }),
  blows: fc.array(fc.record({ blow, after: fc.integer({ min: 0, max: 6_000 }) }), { maxLength: 8 }),
})

/** Two consuming processes over one store, one that only publishes and looks, and blows on the two. */
class Ordeal {
  readonly world = new World()
  readonly #scenario: Scenario
  readonly #billing
  readonly #live: Process[] = []
  /** What brokers have given to others while it was being run. */
  readonly #takenAway = new Set<string>()
  #watcher: Process | undefined

  constructor(script: Scenario) {
    this.#scenario = script
    this.#billing = orders.subscription('billing', {
      discipline: script.discipline,
      retry: { attempts: ATTEMPTS, delays: [200, 1_000] },
      timeout: '2s',
      grace: '1s',
    })
  }

  async run(): Promise<void> {
    const { world } = this
    this.#watcher = await world.start({ name: 'watcher' })
    await world.run(this.#watcher.broker.declare(this.#billing))
    for (const steps of this.#scenario.scripts) await this.#consumer(steps)
    await world.run(
      this.#watcher.broker.publishMany(
        orders,
        this.#scenario.behaviours.map(({ key }, index) => ({
          data: index,
          id: String(index),
          priority: index % 4,
          ...(key > 0 ? { key: `k${key}` } : {}),
        })),
      ),
    )
    for (const { blow: each, after } of this.#scenario.blows) {
      await world.clock.advance(after)
      await this.#strike(each)
    }
    await this.#settles()
  }

  /** Everything published is where its behaviour says, exactly once. */
  async judge(): Promise<void> {
    const { world } = this
    const letters = await world.dead(this.#watcher as Process, this.#billing)
    const dead = new Map(letters.map(letter => [letter.message.id, letter]))
    for (const [index, { failures }] of this.#scenario.behaviours.entries()) {
      const id = String(index)
      const runs = world.recorder.runsOf(id)
      const letter = dead.get(id)
      if (failures >= ATTEMPTS) {
        // A message that only ever met processes that were killed would be CRASHED; two kills are too few for that.
        expect(letter?.reason, `${id} should be dead`).toBe('EXHAUSTED')
        expect(letter?.errors.at(-1)?.attempt).toBe(ATTEMPTS)
      } else {
        expect(letter?.reason, `${id} should have been handled`).toBeUndefined()
        expect(
          runs.some(run => run.attempt === failures + 1 && run.outcome !== 'threw'),
          `${id} has succeeded`,
        ).toBe(true)
      }
      const attempts = runs.map(run => run.attempt)
      expect(attempts, `attempts of ${id} in order`).toEqual([...attempts].sort((a, b) => a - b))
      expect(attempts[0]).toBe(1)
      expect(Math.max(...attempts)).toBe(Math.min(ATTEMPTS, failures + 1))
    }
    expect([...dead.keys()].filter(id => Number(id) >= this.#scenario.behaviours.length)).toEqual([])
    for (const id of world.processes.flatMap(each => each.eventIds('delivery.lost'))) this.#takenAway.add(id)
    const overlaps = world.recorder
      .overlapping()
      .filter(([run, later]) => run.endedAt === undefined || run.endedAt > later.startedAt)
      .filter(([run]) => !this.#takenAway.has(run.id))
    expect(overlaps.map(([a, b]) => `${a.id}: ${a.process}@${a.startedAt} and ${b.process}@${b.startedAt}`)).toEqual([])
    await world.end()
  }

  async #settles(): Promise<void> {
    const { world } = this
    for (const each of this.#live) each.adapter.heal()
    for (let waited = 0; waited < 60; waited++) {
      await world.clock.advance(10_000)
      const counts = await world.run((this.#watcher as Process).broker.counts(this.#billing))
      const left = [counts.waiting, counts.leased, counts.retrying, counts.scheduled]
      if (left.every(count => count === 0)) return
    }
    const counts = await world.run((this.#watcher as Process).broker.counts(this.#billing))
    throw new Error(`It does not settle: ${JSON.stringify(counts)}`)
  }

  async #consumer(steps: readonly FaultStep[], at = this.#live.length): Promise<void> {
    const started = await this.world.start({ lease: '3s', steps })
    this.#live[at] = started
    await this.#subscribe(started, at)
  }

  async #subscribe(started: Process, at: number): Promise<void> {
    const { concurrency, prefetch } = this.#scenario
    const handler = this.world.recorder.handler(
      (message: Message<number>, context: Context) => this.#handle(message, context),
      { process: started.name },
    )
    try {
      await this.world.run(started.broker.subscribe(this.#billing, handler as never, { concurrency, prefetch }))
    } catch {
      // The script may make its first opening hopeless; then another process takes its place.
      await this.world.run(started.broker.close({ drain: 0 }))
      await this.#consumer([], at)
    }
  }

  #handle(message: Message<number>, { attempt, signal }: Context): unknown {
    const { failures, way, takes } = this.#scenario.behaviours[message.data] as Behaviour
    const fails = attempt <= failures
    if (fails && way === 'timeout') return this.world.clock.sleep(60_000, signal)
    const end = () => {
      if (fails) throw new Error('as it should')
    }
    return takes === 0 && way === 'throw' ? end() : this.world.clock.sleep(takes, signal).then(end)
  }

  async #strike(each: Blow): Promise<void> {
    const { world } = this
    const target = this.#live[each.process] as Process
    if (each.kind === 'cut') target.adapter.cut()
    else if (each.kind === 'take') target.adapter.takeLeases()
    else if (each.kind === 'end') {
      for (const { message } of target.adapter.held) this.#takenAway.add(message.id)
      target.adapter.endSources()
    } else if (each.kind === 'endHeld') target.adapter.endSources(undefined, { giveBack: false })
    else if (each.kind === 'restart') await this.#restart(target, each.process)
    else if (each.kind === 'kill') await this.#kill(target, each.process)
    else if (each.kind === 'refuse') {
      target.adapter.refuse()
      target.adapter.cut()
      await world.clock.advance(each.ms)
      target.adapter.accept()
    }
  }

  async #restart(target: Process, at: number): Promise<void> {
    await this.world.run(target.broker.close({ drain: '3s' }))
    await this.#consumer([], at)
  }

  async #kill(target: Process, at: number): Promise<void> {
    target.adapter.kill()
    this.world.recorder.died(target.name)
    await this.#consumer([], at)
  }
}

describe('guarantee 14: whatever happens, everything published ends as it should', () => {
  const runs = Number(environment('ORDEALS') ?? 150)
  const seed = Number(environment('SEED') ?? Date.now() % 2 ** 31)

  test(`${runs} ordeals, seed ${seed}`, { timeout: 600_000 }, async () => {
    const ordeal = async (script: Scenario) => {
      const each = new Ordeal(script)
      await each.run()
      await each.judge()
    }
    await fc.assert(fc.asyncProperty(scenario, ordeal), { numRuns: runs, seed, endOnFailure: runs > 1_000 })
  })
})

function environment(name: string): string | undefined {
  return globalThis.process.env[name]
}
