import type { Setup, Subject } from './subject.ts'

/** What one measurement found, by name: `rate`, `cpu`, `p99`, … */
export type Figures = Readonly<Record<string, number>>

/** How long to measure. */
export interface Scale {
  /** At least so many milliseconds of the measured work. */
  readonly duration: number
  /** Before it, on the same queue, so that the code is compiled: for ours, the optimizing compiler needs a second and a half. */
  readonly warmUp: number
  /** Milliseconds of 500 messages a second. */
  readonly paced: number
  /** What "a million" shrinks to in a quick run. */
  readonly million: number
  /** How many messages are waiting when they are drained. */
  readonly drained: number
  /** How many messages, at least, the cost of one is taken from; a larger backlog is run through once. */
  readonly costed: number
  /** Milliseconds of the long run. */
  readonly long: number
}

const MINUTES = 60_000

/** In the process. */
const MEMORY: Scale = {
  duration: 1_000,
  warmUp: 2_000,
  paced: 5_000,
  million: 1_000_000,
  drained: 1_000_000,
  costed: 1_000_000,
  long: 10 * MINUTES,
}

/** Over a socket to a disk: some tens of thousands a second, so fewer messages, and a longer look at each. */
const SERVER: Scale = {
  duration: 2_000,
  warmUp: 2_000,
  paced: 8_000,
  million: 1_000_000,
  drained: 100_000,
  costed: 100_000,
  long: 10 * MINUTES,
}

/** In the process, and on a disk that every batch waits for. */
const FOLDER: Scale = {
  duration: 1_500,
  warmUp: 2_000,
  paced: 5_000,
  million: 1_000_000,
  drained: 300_000,
  costed: 300_000,
  long: 10 * MINUTES,
}

/** To see that it works. */
const quick = (scale: Scale): Scale => ({
  duration: 300,
  warmUp: 200,
  paced: 1_500,
  million: scale.million / 5,
  drained: scale.drained / 5,
  costed: scale.costed / 5,
  long: MINUTES / 4,
})

/** For profiles: long enough for the sampler, one process. */
const profiled = (scale: Scale): Scale => ({ ...scale, duration: 2_500, warmUp: 1_000 })

/** How long each kind of run measures. */
export const SCALES = {
  memory: { full: MEMORY, quick: quick(MEMORY), profile: profiled(MEMORY) },
  folder: { full: FOLDER, quick: quick(FOLDER), profile: profiled(FOLDER) },
  server: { full: SERVER, quick: quick(SERVER), profile: profiled(SERVER) },
} as const

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
  /** Takes so long that it runs only when it is asked for by name. */
  readonly byNameOnly?: boolean
  measure(subject: Subject, scale: Scale): Promise<Figures>
}

export const SETUP: Setup = {
  url: 'memory:',
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
