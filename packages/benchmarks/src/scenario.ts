import type { Setup, Subject } from './subject.ts'

/** What one measurement found, by name: `rate`, `cpu`, `p99`, … */
export type Figures = Readonly<Record<string, number>>

/** How long to measure. */
export interface Scale {
  /** At least so many milliseconds of the measured work. */
  readonly duration: number
  /** Before it, on the same queue, so that the code is compiled: for ours, the optimizing compiler needs a second and a half. */
  readonly warmUp: number
  /** What "a million" shrinks to in a quick run. */
  readonly million: number
}

export const FULL: Scale = { duration: 1_000, warmUp: 2_000, million: 1_000_000 }
export const QUICK: Scale = { duration: 300, warmUp: 200, million: 200_000 }
/** For profiles: long enough for the sampler, one process. */
export const LONG: Scale = { duration: 2_500, warmUp: 1_000, million: 1_000_000 }

/** How a figure is shown. */
export interface Column {
  readonly figure: string
  readonly title: string
  readonly better: 'more' | 'less'
  readonly digits: number
}

/** One thing to measure, the same for every broker and every subject. */
export interface Scenario {
  readonly name: string
  readonly title: string
  /** The first one is what ratios are made of. */
  readonly columns: readonly Column[]
  /** Whether a ratio of ours to another subject says something. */
  readonly compared: boolean
  measure(subject: Subject, scale: Scale): Promise<Figures>
}

export const SETUP: Setup = {
  format: 'bytes',
  discipline: 'fifo',
  concurrency: 64,
  middlewares: 0,
  subscriptions: 1,
}

/** Collects garbage until nothing is left of what came before; needs `--expose-gc`. */
export async function settleMemory(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.()
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
