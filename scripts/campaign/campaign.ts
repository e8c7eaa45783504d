import {
  type Case,
  type CaseResult,
  countsAs,
  defineTarget,
  type HistoryEvent,
  Suite,
  type Target,
} from '@pluribus/conformance'
import { episode } from './episode.ts'
import type { Figures } from './figures.ts'
import type { PlannedOutage } from './plan.ts'
import type { Load } from './workload.ts'

/** How a campaign is run. */
export interface CampaignOptions {
  readonly outages: readonly PlannedOutage[]
  readonly seed: number
  /** Milliseconds. */
  readonly lease: number
  readonly load: Load
  /** How often each outage strikes. */
  readonly blows: number
  /** How much longer than is promised everything may take. */
  readonly slow: number
  /** Is given the history of each outage, in one order. Default: nobody is. */
  keepHistory?(outage: PlannedOutage, history: readonly HistoryEvent[]): void
  /** Rejects when the campaign is to end at once. */
  readonly interrupted: Promise<never>
}

/** What became of one outage. */
export interface OutageResult {
  readonly outage: PlannedOutage
  readonly result: CaseResult
  readonly countsAs: 'passed' | 'failed' | 'skipped'
  /** Of each blow that it came to. */
  readonly figures: readonly Figures[]
}

/** What a blow may take beside what a case is given, in milliseconds. */
const BUDGET = 180_000

/** Outages of one adapter, each on a store of its own; the suite's engine plays, audits and judges them as it does cases. */
export class Campaign {
  readonly suite: Suite
  readonly #outages: readonly PlannedOutage[]
  readonly #figures: Map<string, readonly Figures[]>

  private constructor(suite: Suite, outages: readonly PlannedOutage[], figures: Map<string, readonly Figures[]>) {
    this.suite = suite
    this.#outages = outages
    this.#figures = figures
  }

  static async prepare(target: Target, options: CampaignOptions): Promise<Campaign> {
    const figures = new Map<string, readonly Figures[]>()
    const cases = options.outages.map(outage => caseOf(outage, options, figures))
    const { lease } = options
    const own = defineTarget({ ...target, timing: { ...target.timing, lease }, knownDeviations: [] })
    return new Campaign(
      await Suite.prepare(own, { cases, seed: options.seed, slow: options.slow }),
      options.outages,
      figures,
    )
  }

  /** Plays one after the other. */
  async *play(): AsyncGenerator<OutageResult, void, undefined> {
    for (const [index, planned] of this.suite.planned.entries()) {
      const outage = this.#outages[index] as PlannedOutage
      const result = await this.suite.run(planned)
      yield { outage, result, countsAs: countsAs(result.verdict), figures: this.#figures.get(outage.id) ?? [] }
    }
  }

  close(): Promise<void> {
    return this.suite.close()
  }
}

function caseOf(planned: PlannedOutage, options: CampaignOptions, figures: Map<string, readonly Figures[]>): Case {
  const { id, outage } = planned
  const { load, blows, slow, interrupted } = options
  const onFigures = (found: readonly Figures[], history: readonly HistoryEvent[]) => {
    figures.set(id, found)
    options.keepHistory?.(planned, history)
  }
  return {
    id,
    title: `${outage.kind} under load`,
    promise:
      'What was acknowledged is handled, duplicates come only of a lost settle or reply, order is kept; new messages flow at once, and what was in flight a lease later.',
    profile: 'full',
    needs: { not: 'durability:memory' },
    hooks: ['children', ...outage.hooks],
    budget: () => blows * BUDGET,
    run: it => Promise.race([episode(it, outage, { load, blows, slow, onFigures }), interrupted]),
  }
}
