import type { Capabilities, ServerInfo } from '@pluribus/core/driver'
import { seededRandom } from '@pluribus/core/testing'
import type { Case } from '../case/case.js'
import { World } from '../case/world.js'
import { CASES } from '../cases/index.js'
import { checkCapabilities } from '../claims/check-capabilities.js'
import type { Target } from '../target/target.js'
import { calibrate } from './calibrate.js'
import { judgeDeviation } from './judge-deviation.js'
import { type Planned, plan, type Selection } from './plan.js'
import { RealTime } from './real-time.js'
import type { CaseResult } from './result.js'
import { type Outcome, plain, runCase, type Stage } from './run-case.js'
import { seedOf } from './seed.js'
import { VirtualTime } from './virtual-time.js'

/**
 * How a suite is run.
 *
 * @example
 * ```ts
 * import type { SuiteOptions } from '@pluribus/conformance'
 *
 * const hunt: SuiteOptions = { only: ['LSE', 'RTY-05'], repeat: 20, seed: 42 }
 * ```
 */
export interface SuiteOptions extends Selection {
  /** Of every random choice. Default: 1. */
  readonly seed?: number | undefined
  /** How often each case runs, with seeds that follow each other. Default: 1. */
  readonly repeat?: number | undefined
  /** How many cases run at once. Default: 1 in virtual time, 2 in real time. */
  readonly parallel?: number | undefined
  /** How large the cases are: 0.1 for a quick look, 10 for a long one. Default: 1. */
  readonly scale?: number | undefined
  /** How much longer than the target says everything may take. Default: 1. */
  readonly slow?: number | undefined
  /** The day on which known deviations are judged: `2026-12-31`. Default: today. */
  readonly today?: string
  /** What is run. Default: {@link CASES}. */
  readonly cases?: readonly Case[]
}

/**
 * A suite that knows its target: what will be run is decided, nothing has been.
 *
 * @example
 * ```ts
 * import { Suite, type Target } from '@pluribus/conformance'
 *
 * const failures = async (target: Target) => {
 *   const suite = await Suite.prepare(target, { profile: 'core' })
 *   const results = await suite.runAll()
 *   await suite.close()
 *   return results.filter(({ verdict }) => verdict === 'failed')
 * }
 * ```
 */
export class Suite {
  readonly target: Target
  readonly capabilities: Capabilities
  readonly server: ServerInfo
  readonly adapter: string
  /** The selected cases, in the order of their ids. */
  readonly planned: readonly Planned[]
  readonly seed: number
  readonly options: SuiteOptions
  /** Everything that could have been selected. */
  readonly cases: readonly Case[]
  readonly #stage: Stage
  readonly #stop: () => Promise<void>
  #unhealed: string | undefined

  private constructor(stage: Stage, options: SuiteOptions, stop: () => Promise<void>) {
    this.#stop = stop
    this.target = stage.target
    this.capabilities = stage.capabilities
    this.server = stage.server
    this.adapter = stage.adapter
    this.seed = options.seed ?? 1
    const cases = options.cases ?? CASES
    const strange = stage.target.knownDeviations?.find(known => cases.every(({ id }) => id !== known.case))
    if (strange !== undefined)
      throw new TypeError(`There is no case ${strange.case}, which is said to be a known deviation.`)
    this.planned = plan(cases, stage, options)
    this.#stage = stage
    this.options = options
    this.cases = cases
  }

  /**
   * Starts the target's broker, where it has one and that does not run, and connects, to learn what the server gives.
   * {@link Suite.close} when all has been run.
   *
   * @throws TypeError for a selection that names no case, capabilities that mean nothing, a `timing` that is not to be held.
   */
  static async prepare(target: Target, options: SuiteOptions = {}): Promise<Suite> {
    const uniqueName = namesOf(target, options.seed ?? 1)
    const stop = await startBroker(target)
    try {
      return await Suite.#look(target, options, { uniqueName, stop })
    } catch (error) {
      await stop()
      throw error
    }
  }

  static async #look(target: Target, options: SuiteOptions, { uniqueName, stop }: Begun): Promise<Suite> {
    const settings = plain(await target.settings({ uniqueName, address: await target.hooks?.address?.() }))
    const time = target.time === 'virtual' ? new VirtualTime(options.seed ?? 1) : new RealTime()
    const { timing } = target
    const world = new World(target, settings, uniqueName(), time)
    try {
      const { adapter, capabilities, server } = await time.drive(world.look(), timing.recover, 'the server to answer')
      checkCapabilities(adapter.capabilities)
      checkCapabilities(capabilities)
      if (target.time === 'real') await calibrate(world, timing, `${uniqueName()}.trial`)
      const { scale = 1, slow = 1 } = options
      return new Suite({ target, adapter: adapter.name, capabilities, server, scale, slow, uniqueName }, options, stop)
    } finally {
      await time.drive(world.close(), timing.recover, 'everything to close')
      await target.cleanup?.(settings)
    }
  }

  /** Stops the broker that it has started. */
  close(): Promise<void> {
    return this.#stop()
  }

  /** Runs one case, as often as the options say. */
  async run({ case: one, settled }: Planned): Promise<CaseResult> {
    const { repeat = 1, today = new Date().toISOString().slice(0, 10) } = this.options
    const first = seedOf(this.seed, one.id)
    if (settled !== undefined) return { case: one, ...settled, duration: 0, seed: first }
    if (this.#unhealed !== undefined)
      return { case: one, verdict: 'blocked', reason: this.#unhealed, duration: 0, seed: first }
    const start = performance.now()
    const outcomes: Outcome[] = []
    for (let run = 0; run < repeat; run++) {
      const outcome = await runCase(one, this.#stage, seedOf(this.seed + run, one.id))
      outcomes.push(outcome)
      if (outcome.isUnhealed !== true) continue
      // One clear failure, instead of one for each case that follows.
      this.#unhealed = `the broker was not whole again after ${one.id}`
      break
    }
    const { verdict, reason, history, evidence } = judgeDeviation(one, this.target, together(outcomes), today)
    const bad = verdict !== 'passed'
    const base = { case: one, verdict, duration: performance.now() - start, seed: first }
    return {
      ...base,
      ...(reason === undefined ? {} : { reason }),
      ...(bad ? { history } : {}),
      ...(evidence === undefined ? {} : { evidence }),
    }
  }

  /** Runs everything; calls back as results come. Those that must be alone run last. */
  async runAll(onResult: (result: CaseResult) => void = () => {}): Promise<readonly CaseResult[]> {
    const { parallel = this.target.time === 'virtual' ? 1 : 2 } = this.options
    const results = new Map<Planned, CaseResult>()
    const work = async (queue: Planned[]) => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const result = await this.run(next)
        results.set(next, result)
        onResult(result)
      }
    }
    const shared = this.planned.filter(({ case: one }) => !isAlone(one, this.target))
    await Promise.all(Array.from({ length: parallel }, () => work(shared)))
    await work(this.planned.filter(({ case: one }) => isAlone(one, this.target)))
    return this.planned.flatMap(planned => results.get(planned) ?? [])
  }
}

/** What {@link Suite.prepare} has begun. */
interface Begun {
  uniqueName(): string
  stop(): Promise<void>
}

/** Starts a broker that does not run; answers how to stop it again: one that ran before goes on running. */
async function startBroker({ hooks = {} }: Target): Promise<() => Promise<void>> {
  const { broker } = hooks
  if (broker === undefined || typeof broker === 'function' || broker.isRunning) return async () => {}
  await broker.start()
  return () => broker.stop()
}

/** What a case does to a broker's process, it does to all that share it. */
const isAlone = ({ exclusive, hooks = [] }: Case, target: Target): boolean =>
  exclusive === true || (hooks.includes('broker') && typeof target.hooks?.broker !== 'function')

/** Several runs of one case: the first bad one speaks for all, and differing ones make it flaky. */
function together(outcomes: readonly Outcome[]): Outcome {
  const bad = outcomes.filter(({ verdict }) => verdict !== 'passed')
  const [first] = bad
  if (first === undefined) return outcomes[0] as Outcome
  if (bad.length === outcomes.length) return first
  const reason = `${bad.length} of ${outcomes.length} runs did not pass. The first of them:\n${first.reason}`
  return { ...first, verdict: 'flaky', reason }
}

/** On a server, names of earlier runs may still be there; in virtual time the seed decides them. */
function namesOf(target: Target, seed: number): () => string {
  const random = target.time === 'virtual' ? seededRandom(seed) : Math.random
  const run = Math.floor(random() * 36 ** 6).toString(36)
  let names = 0
  return () => `c-${run}-${++names}`
}
