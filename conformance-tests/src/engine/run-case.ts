import type { Capabilities, ServerInfo } from '@pluribus/core/driver'
import { seededRandom } from '@pluribus/core/testing'
import type { Case } from '../case/case.js'
import { CaseRun } from '../case/case-run.js'
import { Blocked, Inconclusive, Skipped } from '../case/failure.js'
import { Surroundings } from '../case/surroundings.js'
import { World } from '../case/world.js'
import { groupBy } from '../group-by.js'
import type { Anomaly } from '../history/anomaly.js'
import { checkHistory } from '../history/check-history.js'
import type { HistoryEvent } from '../history/event.js'
import { FaultProxy } from '../hooks/fault-proxy.js'
import type { Settings } from '../target/settings.js'
import type { Target } from '../target/target.js'
import { audit } from './audit.js'
import { Overdue } from './overdue.js'
import { RealTime } from './real-time.js'
import { Strays } from './strays.js'
import type { Time } from './time.js'
import type { Verdict } from './verdict.js'
import { VirtualTime } from './virtual-time.js'

/** Where cases run. */
export interface Stage {
  readonly target: Target
  readonly adapter: string
  readonly capabilities: Capabilities
  readonly server: ServerInfo
  readonly scale: number
  /** How much longer than the target says everything may take. */
  readonly slow: number
  uniqueName(): string
}

/** What one run of a case shows, before known deviations are looked at. */
export interface Outcome {
  readonly verdict: Verdict
  readonly reason?: string
  readonly history: readonly HistoryEvent[]
  readonly evidence?: readonly number[]
  /** What the case has done to its surroundings could not be undone. */
  readonly isUnhealed?: boolean
}

/** Anomalies of one history that are told; they are often many of one kind. */
const MOST_ANOMALIES = 5
/** Of the process: so are errors that nobody caught. */
const strays = new Strays()

/** Runs a case once, closes all that it has opened, audits what is left and judges its history. */
export async function runCase(one: Case, stage: Stage, seed: number): Promise<Outcome> {
  const { target } = stage
  const proxy = await proxyFor(one, target)
  const address = (await proxy?.listen()) ?? (await target.hooks?.address?.())
  const settings = plain(await target.settings({ uniqueName: stage.uniqueName, address }))
  const running = new RunningCase(one, stage, { settings, proxy }, seed)
  try {
    const found = await strays.during(() => running.run())
    return running.outcome(found)
  } finally {
    await target.cleanup?.(settings)
    await proxy?.close()
  }
}

/** Settings have to survive the way into another process. */
export const plain = (settings: Settings): Settings => JSON.parse(JSON.stringify(settings)) as Settings

async function proxyFor({ hooks = [] }: Case, { hooks: offered }: Target): Promise<FaultProxy | undefined> {
  const upstream = hooks.includes('proxy') ? await offered?.address?.() : undefined
  return upstream === undefined ? undefined : new FaultProxy(upstream)
}

/** Where one run of a case takes place. */
interface Place {
  readonly settings: Settings
  readonly proxy: FaultProxy | undefined
}

class RunningCase {
  readonly #case: Case
  readonly #proxy: FaultProxy | undefined
  readonly #stage: Stage
  readonly #time: Time
  readonly #world: World
  readonly #it: CaseRun
  readonly #surroundings: Surroundings
  readonly #problems: string[] = []
  #verdict: Verdict = 'passed'
  #isUnhealed = false

  constructor(one: Case, stage: Stage, { settings, proxy }: Place, seed: number) {
    const { target, adapter, capabilities, server, scale } = stage
    const { timing, required } = target
    const prefix = stage.uniqueName()
    this.#case = one
    this.#proxy = proxy
    this.#stage = stage
    this.#time = target.time === 'virtual' ? new VirtualTime(seed) : new RealTime()
    this.#world = new World(target, settings, prefix, this.#time)
    const surroundings = new Surroundings(one, target, settings, { world: this.#world, proxy })
    const isVirtual = target.time === 'virtual'
    const given = { adapter, capabilities, server, timing, isVirtual, required, scale, prefix, surroundings }
    this.#it = new CaseRun({ ...given, world: this.#world, random: seededRandom(seed) })
    this.#surroundings = surroundings
  }

  async run(): Promise<void> {
    const { target, capabilities } = this.#stage
    const { timing } = target
    const budget = 4 * timing.arrive + 2 * timing.close + (this.#case.budget?.(timing, capabilities) ?? 0)
    await this.#attempt(this.#case.run(this.#it), budget, 'the case to end')
    if (this.#proxy?.accepted === 0) this.#end('blocked', 'no connection has gone through the proxy: nothing is proved')
    this.#isUnhealed = !(await this.#attempt(
      this.#surroundings.heal(),
      2 * timing.recover,
      'the surroundings to be healed',
    ))
    await this.#attempt(this.#close(), 4 * timing.close, 'everything to close')
    await this.#attempt(audit(this.#world, timing), 2 * (timing.lease + timing.recover), 'the audit of what is left')
    const left = this.#time.pendingTimers ?? 0
    if (left > 0) this.#fail(`${left} timers are left after everything was closed.`)
  }

  outcome(strayErrors: readonly string[]): Outcome {
    const history = this.#world.history.whole
    const anomalies = varied(checkHistory(history, this.#stage.capabilities))
    for (const { check, message } of anomalies.slice(0, MOST_ANOMALIES)) this.#fail(`[${check}] ${message}`)
    if (anomalies.length > MOST_ANOMALIES) this.#fail(`… and ${anomalies.length - MOST_ANOMALIES} anomalies more.`)
    for (const stray of strayErrors) this.#fail(stray)
    const verdict = this.#verdict
    if (this.#problems.length === 0) return { verdict, history }
    const evidence = anomalies.slice(0, MOST_ANOMALIES).flatMap(({ events }) => events)
    return { verdict, reason: this.#problems.join('\n'), history, evidence, isUnhealed: this.#isUnhealed }
  }

  /** Answers whether it has ended as it should. */
  async #attempt(promise: Promise<unknown>, ms: number, what: string): Promise<boolean> {
    try {
      await this.#time.drive(promise, this.#stage.slow * ms, what)
      return true
    } catch (error) {
      if (error instanceof Blocked) this.#end('blocked', error.message)
      else if (error instanceof Skipped) this.#end('skipped', error.message)
      else if (error instanceof Inconclusive) this.#end('unknown', error.message)
      else this.#fail(error instanceof Overdue ? `It hung: ${error.message}` : explain(error))
      return false
    }
  }

  async #close(): Promise<void> {
    for (const failure of await this.#world.close()) this.#fail(failure)
  }

  #fail(problem: string): void {
    this.#end('failed', problem)
  }

  /** A failure is never taken back: what is blocked and has gone wrong as well has failed. */
  #end(verdict: Verdict, problem: string): void {
    if (this.#verdict === 'passed' || verdict === 'failed') this.#verdict = verdict
    this.#problems.push(problem)
  }
}

/** The first of each kind before the second of any: many of one must not hide the only one of another. */
function varied(anomalies: readonly Anomaly[]): readonly Anomaly[] {
  const kinds = [...groupBy(anomalies, ({ check }) => check).values()]
  const rank = new Map(kinds.flatMap(kind => kind.map((anomaly, index) => [anomaly, index] as const)))
  return anomalies.toSorted((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0))
}

const explain = (error: unknown): string => {
  if (!(error instanceof Error)) return `The case has thrown ${String(error)}`
  return error.name === 'Failure' ? error.message : (error.stack ?? `${error.name}: ${error.message}`)
}
