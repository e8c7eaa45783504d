import { type Context, type Discipline, fifo, type Message, priority, type Topic, topic } from '@pluribus/core'
import { CRASHED_AFTER, SUSPECT_AFTER } from '@pluribus/core/driver'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Process, World } from './kit.js'

const ATTEMPTS = 3
/** Over all ordeals. */
const tally = { runs: 0, crashed: 0, calm: 0 }

/** What a message does to its handlers: fails so often, in such a way, taking so long. */
interface Behaviour {
  readonly failures: number
  readonly way: 'throw' | 'timeout'
  /** Milliseconds; 0: synchronously. */
  readonly takes: number
  readonly key: number
  /** Milliseconds; only without a key, whose order would be that of becoming due. */
  readonly delay: number
}

type Blow =
  | { readonly kind: 'cut' | 'end' | 'restart' | 'kill' | 'take'; readonly process: number }
  | { readonly kind: 'disturb' | 'disconnect' | 'lose' | 'compact' | 'join' }
  | { readonly kind: 'crash'; readonly ms: number }

interface Scenario {
  readonly seed: number
  readonly partitions: number
  readonly discipline: Discipline
  readonly concurrency: number
  readonly prefetch: number
  readonly rebalancing: 'eager' | 'cooperative'
  readonly noteBytes: number
  readonly markers: number
  readonly faults: { readonly lostReplies: number; readonly lostRequests: number; readonly unrest?: number | undefined }
  readonly behaviours: readonly Behaviour[]
  readonly blows: readonly { readonly blow: Blow; readonly after: number }[]
}

const behaviour: fc.Arbitrary<Behaviour> = fc.record({
  failures: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 4 }) },
  ),
  way: fc.constantFrom('throw', 'timeout'),
  takes: fc.constantFrom(0, 1, 300, 1_500),
  key: fc.integer({ min: 0, max: 6 }),
  delay: fc.constantFrom(0, 0, 130, 4_000),
})
const process = fc.integer({ min: 0, max: 1 })
const blow: fc.Arbitrary<Blow> = fc.oneof(
  fc.record({ kind: fc.constantFrom('cut', 'end', 'restart', 'kill', 'take'), process }),
  fc.record({ kind: fc.constantFrom('disturb', 'disconnect', 'lose', 'compact', 'join') }),
  fc.record({ kind: fc.constant('crash'), ms: fc.integer({ min: 1, max: 15_000 }) }),
)
const chance = fc.constantFrom(0, 0, 0, 0.02, 0.1)
const wild: fc.Arbitrary<Scenario> = fc.record({
  seed: fc.nat(),
  partitions: fc.constantFrom(1, 2, 5),
  discipline: fc.constantFrom(fifo(), priority({ levels: 4, atLeast: 'windowed' })),
  concurrency: fc.constantFrom(1, 3, 16),
  prefetch: fc.constantFrom(0, 4, 64),
  rebalancing: fc.constantFrom('eager', 'cooperative'),
  noteBytes: fc.constantFrom(4_096, 4_096, 1_200, 0),
  markers: fc.constantFrom(0, 0.3),
  faults: fc.record(
    { lostReplies: chance, lostRequests: chance, unrest: fc.constantFrom(undefined, 2_000, 20_000) },
    { requiredKeys: ['lostReplies', 'lostRequests'] },
  ),
  behaviours: fc.array(behaviour, { minLength: 1, maxLength: 60 }),
  blows: fc.array(fc.record({ blow, after: fc.integer({ min: 0, max: 6_000 }) }), { maxLength: 8 }),
})
/** Nothing goes wrong but what handlers do. */
const calm = wild.map(script => ({ ...script, blows: [], faults: { lostReplies: 0, lostRequests: 0 } }))
const scenario = fc.oneof({ weight: 1, arbitrary: calm }, { weight: 7, arbitrary: wild })

/** Processes over one server, one that only publishes and looks, and blows on all of them. */
class Ordeal {
  readonly world: World
  readonly #scenario: Scenario
  readonly #orders: Topic<number>
  readonly #billing
  readonly #live: Process[] = []
  #watcher: Process | undefined

  constructor(script: Scenario) {
    const { seed, rebalancing, noteBytes, markers, faults } = script
    this.#scenario = script
    this.world = new World({ seed, rebalancing, noteBytes, markers, faults, sessionTimeout: 3_000 })
    this.#orders = topic<number>('orders.placed', { partitions: script.partitions })
    this.#billing = this.#orders.subscription('billing', {
      discipline: script.discipline,
      retry: { attempts: ATTEMPTS, delays: [200, 1_000] },
      timeout: '2s',
      grace: '1s',
    })
  }

  async run(): Promise<void> {
    const { world } = this
    this.#watcher = await world.start({ name: 'watcher' })
    await this.#surely(() => (this.#watcher as Process).broker.declare(this.#billing))
    for (let n = 0; n < 2; n++) await this.#consumer(n)
    await this.#publish()
    for (const { blow: each, after } of this.#scenario.blows) {
      await world.clock.advance(after)
      await this.#strike(each)
    }
    await this.#settles()
  }

  /** A reply may be lost for good: whoever calls tries again, as an application would. */
  async #surely<T>(act: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.world.run(act())
      } catch (error) {
        if (tries === 20) throw error
      }
    }
  }

  async #publish(): Promise<void> {
    const { broker } = this.#watcher as Process
    for (const [index, { key, delay }] of this.#scenario.behaviours.entries()) {
      const place = key > 0 ? { key: `k${key}` } : { delay }
      const options = { id: String(index), priority: index % 4, ...place }
      await this.#surely(() => broker.publish(this.#orders, index, options))
    }
  }

  /** Every message is where its behaviour says. What is allowed beyond that is what a log broker cannot help. */
  async judge(): Promise<void> {
    const { world } = this
    const letters = await world.dead(this.#watcher as Process, this.#billing)
    const dead = new Map(letters.map(letter => [letter.message.id, letter]))
    for (const [index, { failures }] of this.#scenario.behaviours.entries()) {
      const id = String(index)
      const runs = world.recorder.runsOf(id)
      const letter = dead.get(id)
      if (letter?.reason === 'CRASHED') {
        this.#judgeCrashed(id, letter.losses)
        continue
      }
      if (failures >= ATTEMPTS) {
        expect(letter?.reason, `${id} should be dead`).toBe('EXHAUSTED')
        expect(letter?.attempts).toBe(ATTEMPTS)
        expect(letter?.errors.at(-1)?.attempt).toBe(ATTEMPTS)
      } else {
        expect(letter?.reason, `${id} should have been handled`).toBeUndefined()
        expect(
          runs.some(run => run.attempt === failures + 1 && run.outcome !== 'threw'),
          `${id} has succeeded`,
        ).toBe(true)
      }
      expect(runs[0]?.attempt).toBe(1)
      const most = Math.max(...runs.map(run => run.attempt))
      expect(most).toBeGreaterThanOrEqual(Math.min(ATTEMPTS, failures + 1))
      // Where a copy may have been made twice, the run of one may be taken for that of the other.
      expect(most).toBeLessThanOrEqual(this.#isGentle ? Math.min(ATTEMPTS, failures + 1) : ATTEMPTS)
    }
    expect(letters.filter(({ message }) => Number(message.id) >= this.#scenario.behaviours.length)).toEqual([])
    this.#judgeKeys()
    if (this.#isCalm) this.#judgeCalm()
    tally.runs += world.recorder.runs.length
    await world.end()
  }

  /** Three times it was run alone, and each time its partition went to others without a word: for all they know it kills. */
  #judgeCrashed(id: string, losses: number): void {
    const alone = this.world.processes.flatMap(({ happened }) =>
      happened.filter(event => event.name === 'delivery.suspect' && event.id === id),
    )
    expect(alone.length, `${id} was run alone`).toBeGreaterThanOrEqual(CRASHED_AFTER)
    expect(losses).toBeGreaterThanOrEqual(SUSPECT_AFTER + CRASHED_AFTER)
    tally.crashed++
  }

  /** No message of a key is begun for the first time before the ones published before it have ended, wherever they are run. */
  #judgeKeys(): void {
    const { behaviours } = this.#scenario
    for (let key = 1; key <= 6; key++) {
      const ids = behaviours.flatMap((each, index) => (each.key === key ? [String(index)] : []))
      let before: { readonly id: string; readonly end: number } | undefined
      for (const id of ids) {
        const runs = this.world.recorder.runsOf(id)
        const begin = runs[0]?.startedAt as number
        if (before !== undefined) expect(begin, `${id} after ${before.id}`).toBeGreaterThanOrEqual(before.end)
        const last = Math.min(ATTEMPTS, (behaviours[Number(id)]?.failures as number) + 1)
        const final = runs.find(run => run.attempt === last)
        // Only what was given up as deadly has no such run.
        if (final !== undefined) before = { id, end: final.startedAt }
      }
    }
  }

  get #isCalm(): boolean {
    const { faults, blows } = this.#scenario
    const isHarmless = blows.every(({ blow: { kind } }) => kind === 'compact')
    return isHarmless && faults.lostReplies + faults.lostRequests === 0 && faults.unrest === undefined
  }

  /** Every call is answered: nothing is stored twice. */
  get #isGentle(): boolean {
    const { faults, blows } = this.#scenario
    const answered = ['compact', 'join', 'disturb', 'restart', 'take']
    return (
      faults.lostReplies + faults.lostRequests === 0 && blows.every(({ blow: { kind } }) => answered.includes(kind))
    )
  }

  /** Where nothing goes wrong nothing is run twice. */
  #judgeCalm(): void {
    for (const [index, { failures }] of this.#scenario.behaviours.entries()) {
      const attempts = this.world.recorder.runsOf(String(index)).map(run => run.attempt)
      expect(attempts).toEqual([1, 2, 3].slice(0, Math.min(ATTEMPTS, failures + 1)))
    }
    expect([...this.world.recorder.overlapping('id'), ...this.world.recorder.overlapping('key')]).toEqual([])
    tally.calm++
  }

  async #settles(): Promise<void> {
    const { world } = this
    world.server.calm()
    if (!world.server.isUp) world.server.restart()
    for (const each of this.#live) each.adapter.heal()
    let handled = -1
    for (let waited = 0; waited < 60; waited++) {
      await world.clock.advance(15_000)
      const { length } = world.recorder.runs
      if (length === handled && this.#isDrained()) return
      handled = length
    }
    const groups = Array.from(world.server.groups.values(), group => JSON.stringify(group.commits)).join('\n')
    throw new Error(`It does not settle: ${world.recorder.runs.length} runs\n${groups}`)
  }

  /** Everybody has read to the end, and nothing is left above the floors. */
  #isDrained(): boolean {
    const { channels, groups } = this.world.server
    const group = groups.get('orders.placed._group.billing')
    const delays = channels.get('_delay')?.partitions ?? []
    const forwarded = groups.get('_delay')?.commits ?? []
    const isForwarded = delays.every(
      ({ end }, index) => end === (forwarded.find(commit => commit.index === index)?.position ?? 0),
    )
    if (!isForwarded && this.#scenario.markers === 0) return false
    return ['orders.placed', 'orders.placed._own.billing'].every(name =>
      channels.get(name)?.partitions.every(({ records }, index) => {
        const floor = group?.commits.find(commit => commit.channel === name && commit.index === index)?.position ?? 0
        return records.every(({ position }) => position < floor)
      }),
    )
  }

  async #consumer(at: number): Promise<void> {
    const { concurrency, prefetch } = this.#scenario
    const started = await this.world.start({ lease: '3s' })
    this.#live[at] = started
    const handler = this.world.recorder.handler(
      (message: Message<number>, context: Context) => this.#handle(message, context),
      { process: started.name },
    )
    await this.#surely(() => started.broker.subscribe(this.#billing, handler as never, { concurrency, prefetch }))
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
    const { server } = world
    if (each.kind === 'disturb') server.disturb()
    else if (each.kind === 'disconnect') server.disconnect()
    else if (each.kind === 'lose')
      for (const operation of ['commit', 'append', 'join', 'leave']) server.loseReplies(operation)
    else if (each.kind === 'compact') this.#compact()
    else if (each.kind === 'join') await this.#consumer(this.#live.length)
    else if (each.kind === 'crash') {
      server.crash()
      await world.clock.advance(each.ms)
      server.restart()
    } else if ('process' in each) await this.#strikeOne(each.kind, each.process)
  }

  /** What everybody has handled is gone: holes and a later beginning. */
  #compact(): void {
    const { server } = this.world
    for (const { channel, index, position } of server.groups.get('orders.placed._group.billing')?.commits ?? []) {
      const kept = new Set(
        server.channels.get(channel)?.partitions[index]?.records.filter(record => record.position < position),
      )
      server.compact(channel, record => kept.has(record) && record.position % 3 > 0)
    }
  }

  async #strikeOne(kind: 'cut' | 'end' | 'restart' | 'kill' | 'take', at: number): Promise<void> {
    const { world } = this
    const target = this.#live[at] as Process
    if (kind === 'cut') target.adapter.cut()
    else if (kind === 'end') target.adapter.endSources(undefined, { giveBack: at === 0 })
    else if (kind === 'take') target.adapter.takeLeases()
    else if (kind === 'restart') {
      await world.run(target.broker.close({ drain: '3s' }))
      await this.#consumer(at)
    } else {
      target.adapter.kill()
      world.recorder.died(target.name)
      await this.#consumer(at)
    }
  }
}

describe('sim-log: whatever happens, everything published ends as it should', () => {
  const runs = Number(globalThis.process.env.ORDEALS ?? 100)
  const seed = Number(globalThis.process.env.SEED ?? Date.now() % 2 ** 31)

  test(`${runs} ordeals, seed ${seed}`, { timeout: 600_000 }, async () => {
    const ordeal = async (script: Scenario) => {
      const each = new Ordeal(script)
      await each.run()
      await each.judge()
    }
    await fc.assert(fc.asyncProperty(scenario, ordeal), { numRuns: runs, seed })
    console.log(`${runs} ordeals, SEED=${seed}: ${JSON.stringify(tally)}`)
    expect(tally.calm).toBeGreaterThan(0)
    expect(tally.crashed).toBeLessThan(tally.runs / 100)
  })
})
