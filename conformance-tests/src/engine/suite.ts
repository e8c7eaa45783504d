import type { Capabilities, ServerInfo } from '@pluribus/core/driver'
import { seededRandom } from '@pluribus/core/testing'
import type { Case } from '../case/case.js'
import { shuffled } from '../case/random.js'
import { World } from '../case/world.js'
import { CASES } from '../cases/index.js'
import { checkCapabilities } from '../claims/check-capabilities.js'
import type { Target } from '../target/target.js'
import { TargetError } from '../target/target-error.js'
import { calibrate } from './calibrate.js'
import { type Planned, plan, type Selection } from './plan.js'
import { RealTime } from './real-time.js'
import type { CaseResult } from './result.js'
import { plain, runCase, type Stage } from './run-case.js'
import { seedOf } from './seed.js'
import { Trial } from './trial.js'
import { VirtualTime } from './virtual-time.js'

/**
 * How a suite is run.
 *
 * @example
 * ```ts
 * import type { SuiteOptions } from '@pluribus/conformance'
 *
 * const hunt: SuiteOptions = { only: ['LSE', 'RTY-05'], repeat: 20, shuffle: true, seed: 42 }
 * ```
 */
export interface SuiteOptions extends Selection {
  /** Of every random choice. Default: 1. */
  readonly seed?: number | undefined
  /** How often each case runs, with seeds that follow each other. Default: 1. */
  readonly repeat?: number | undefined
  /**
   * Whether cases run in an order that the seed decides, and another one in each repetition: what one of them leaves behind
   * for the next then shows. Default: by their ids, each case with all its repetitions.
   */
  readonly shuffle?: boolean | undefined
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
      throw new TargetError(`There is no case ${strange.case}, which is said to be a known deviation.`)
    this.planned = plan(cases, stage, options)
    this.#stage = stage
    this.options = options
    this.cases = cases
  }

  /**
   * Starts the target's broker, where it has one and that does not run, and connects, to learn what the server gives.
   * {@link Suite.close} when all has been run.
   *
   * @throws TargetError for a selection that names no case, capabilities that mean nothing, a `timing` that is not to be held.
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
      const looking = time.drive(world.look(), timing.recover, 'the server to answer')
      const { adapter, capabilities, server } = await looking.catch((cause: unknown) => {
        if (cause instanceof TargetError) throw cause
        throw new TargetError(`The adapter of ${target.name} does not connect.`, { cause })
      })
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
  async run(planned: Planned): Promise<CaseResult> {
    const trial = new Trial(planned, this.options.repeat ?? 1)
    while (!trial.isOver) await this.#runOnce(trial)
    return this.#resultOf(trial)
  }

  /** Runs everything; calls back when a case has had all its runs. Those that must be alone run last. */
  async runAll(onResult: (result: CaseResult) => void = () => {}): Promise<readonly CaseResult[]> {
    const { parallel = this.target.time === 'virtual' ? 1 : 2 } = this.options
    const results = new Map<Planned, CaseResult>()
    const work = async (queue: Trial[]) => {
      for (let trial = queue.shift(); trial !== undefined; trial = queue.shift()) {
        if (!trial.isOver) await this.#runOnce(trial)
        const { planned } = trial
        if (!trial.isOver || results.has(planned)) continue
        const result = this.#resultOf(trial)
        results.set(planned, result)
        onResult(result)
      }
    }
    const isShared = ({ case: one }: Planned) => !isAlone(one, this.target)
    const shared = this.#inTurn(this.planned.filter(isShared))
    await Promise.all(Array.from({ length: parallel }, () => work(shared)))
    await work(this.#inTurn(this.planned.filter(planned => !isShared(planned))))
    return this.planned.flatMap(planned => results.get(planned) ?? [])
  }

  /** Each trial as often as it is to be run. */
  #inTurn(planned: readonly Planned[]): Trial[] {
    const { repeat = 1, shuffle = false } = this.options
    const trials = planned.map(one => new Trial(one, repeat))
    if (!shuffle) return trials.flatMap(trial => Array.from({ length: repeat }, () => trial))
    const dice = { random: seededRandom(this.seed) }
    return Array.from({ length: repeat }, () => shuffled(dice, trials)).flat()
  }

  async #runOnce(trial: Trial): Promise<void> {
    const { case: one } = trial.planned
    if (this.#unhealed !== undefined) return trial.block(this.#unhealed)
    const outcome = await trial.run(before => runCase(one, this.#stage, seedOf(this.seed + before, one.id)))
    // One clear failure, instead of one for each case that follows.
    if (outcome.isUnhealed === true) this.#unhealed = `the broker was not whole again after ${one.id}`
  }

  #resultOf(trial: Trial): CaseResult {
    const { today = new Date().toISOString().slice(0, 10) } = this.options
    return trial.result(this.target, { seed: this.seed, today })
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

/** What a case does to a broker's process, or to what it stores in, it does to all that share it. */
const isAlone = ({ exclusive, hooks = [] }: Case, target: Target): boolean =>
  exclusive === true ||
  hooks.includes('store') ||
  (hooks.includes('broker') && typeof target.hooks?.broker !== 'function')

/** On a server, names of earlier runs may still be there; in virtual time the seed decides them. */
function namesOf(target: Target, seed: number): () => string {
  const random = target.time === 'virtual' ? seededRandom(seed) : Math.random
  const run = Math.floor(random() * 36 ** 6).toString(36)
  let names = 0
  return () => `c-${run}-${++names}`
}
