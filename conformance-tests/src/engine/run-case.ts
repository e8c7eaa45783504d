import type { Capabilities, ServerInfo } from '@pluribus/core/driver'
import { seededRandom } from '@pluribus/core/testing'
import type { Case } from '../case/case.js'
import { CaseRun } from '../case/case-run.js'
import { Blocked, Inconclusive } from '../case/failure.js'
import { World } from '../case/world.js'
import { checkHistory } from '../history/check-history.js'
import type { HistoryEvent } from '../history/event.js'
import type { Settings, Target } from '../target/target.js'
import { audit } from './audit.js'
import { Overdue } from './overdue.js'
import { RealTime } from './real-time.js'
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
}

/** Runs a case once, closes all that it has opened, audits what is left and judges its history. */
export async function runCase(one: Case, stage: Stage, seed: number): Promise<Outcome> {
  const { target } = stage
  const settings = JSON.parse(JSON.stringify(await target.settings(stage))) as Settings
  try {
    return await runIn(one, stage, settings, seed)
  } finally {
    await target.cleanup?.(settings)
  }
}

async function runIn(one: Case, stage: Stage, settings: Settings, seed: number): Promise<Outcome> {
  const { target, adapter, capabilities, server, scale } = stage
  const time: Time = target.time === 'virtual' ? new VirtualTime(seed) : new RealTime()
  const prefix = stage.uniqueName()
  const world = new World(target, settings, prefix, time)
  const { timing, required } = target
  const it = new CaseRun({
    world,
    adapter,
    capabilities,
    server,
    timing,
    required,
    scale,
    prefix,
    random: seededRandom(seed),
  })
  const budget = stage.slow * (4 * timing.arrive + 2 * timing.close + (one.budget?.(timing) ?? 0))
  const problems: string[] = []
  let verdict: Verdict = 'passed'
  const attempt = async (promise: Promise<unknown>, ms: number, what: string): Promise<void> => {
    try {
      await time.drive(promise, ms, what)
    } catch (error) {
      const kind = error instanceof Blocked ? 'blocked' : error instanceof Inconclusive ? 'unknown' : 'failed'
      if (verdict === 'passed' || kind === 'failed') verdict = kind
      problems.push(error instanceof Overdue ? `It hung (${what}): ${error.message}` : explain(error))
    }
  }
  await attempt(one.run(it), budget, 'the case to end')
  await attempt(closing(world), stage.slow * 4 * timing.close, 'everything to close')
  await attempt(audit(world, timing), stage.slow * 2 * (timing.lease + timing.recover), 'the audit of what is left')
  const left = time.pendingTimers ?? 0
  if (left > 0) problems.push(`${left} timers are left after everything was closed.`)
  for (const { check, message } of checkHistory(world.history.events, capabilities).slice(0, 5)) {
    problems.push(`[${check}] ${message}`)
    verdict = 'failed'
  }
  if (left > 0) verdict = 'failed'
  const history = world.history.events
  return problems.length === 0 ? { verdict, history } : { verdict, reason: problems.join('\n'), history }
}

async function closing(world: World): Promise<void> {
  const failures = await world.close()
  if (failures.length > 0) throw new Error(failures.join('\n'))
}

const explain = (error: unknown): string => {
  if (!(error instanceof Error)) return `The case has thrown ${String(error)}`
  return error.name === 'Failure' || error.name === 'Blocked' || error.name === 'Inconclusive'
    ? error.message
    : (error.stack ?? `${error.name}: ${error.message}`)
}
