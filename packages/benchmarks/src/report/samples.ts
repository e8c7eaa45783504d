import type { Sample } from '../measurement.ts'
import { type Spread, spreadOf } from '../statistics.ts'

/** The samples of a run, looked up by scenario, subject and figure. */
export class Samples {
  readonly #all: readonly Sample[]

  constructor(all: readonly Sample[]) {
    this.#all = all
  }

  values(scenario: string, subject: string, figure: string): readonly number[] {
    return this.#of(scenario, subject).map(({ figures }) => figures[figure] as number)
  }

  spread(scenario: string, subject: string, figure: string): Spread | undefined {
    const values = this.values(scenario, subject, figure)
    return values.length === 0 ? undefined : spreadOf(values)
  }

  /** Ours by theirs, round by round: neighbours in time share the machine's moods, which medians of each alone do not. */
  ratio(scenario: string, ours: string, theirs: string, figure: string): Spread | undefined {
    const ratios = this.#of(scenario, ours).flatMap(({ round, figures }) => {
      const neighbour = this.#of(scenario, theirs).find(sample => sample.round === round)
      return neighbour === undefined ? [] : [(figures[figure] as number) / (neighbour.figures[figure] as number)]
    })
    return ratios.length === 0 ? undefined : spreadOf(ratios)
  }

  subjectsOf(scenario: string): readonly string[] {
    return [...new Set(this.#all.filter(sample => sample.scenario === scenario).map(({ subject }) => subject))]
  }

  /** Whether a figure was measured at all: without a server there is none of it. */
  isKnown(scenario: string, figure: string): boolean {
    return this.#all.some(sample => sample.scenario === scenario && figure in sample.figures)
  }

  has(scenario: string): boolean {
    return this.#all.some(sample => sample.scenario === scenario)
  }

  #of(scenario: string, subject: string): readonly Sample[] {
    return this.#all.filter(sample => sample.scenario === scenario && sample.subject === subject)
  }
}
