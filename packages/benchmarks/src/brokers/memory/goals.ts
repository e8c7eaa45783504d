import type { Goal } from '../../broker.ts'

const RATIOS: readonly (readonly [scenario: string, text: string, atLeast: number])[] = [
  ['bytes', 'bytes, publishMany, synchronous handler', 0.6],
  ['single', 'awaited single publishes from 64 callers', 0.45],
  ['async', 'asynchronous handlers', 0.4],
  ['json', 'JSON', 0.9],
  ['priority', 'priority(10)', 0.5],
  ['keys', '1,000 keys', 0.5],
]

/** The goals of the issue: each ratio to the strongest raw queue and to the one that the goals were calibrated on. */
export const goals: readonly Goal[] = [
  ...RATIOS.flatMap(([scenario, text, atLeast]) =>
    ['raw-minimal', 'raw-leased'].map(against => ({ kind: 'ratio', text, scenario, against, atLeast }) as const),
  ),
  {
    kind: 'ratio',
    text: 'bytes, publishMany, synchronous handler',
    scenario: 'bytes',
    against: 'emittery',
    atLeast: 2,
  },
  {
    kind: 'ratio',
    text: 'bytes, publishMany, synchronous handler',
    scenario: 'bytes',
    against: 'fastq-c50',
    atLeast: 4,
  },
  { kind: 'ratio', text: 'bytes (DESIGN §13)', scenario: 'bytes', against: 'raw-equal', atLeast: 0.8 },
  ...['raw-minimal', 'raw-leased'].map(
    against =>
      ({
        kind: 'growth',
        text: 'growth of the cost of a message, backlog 1k to 1M',
        from: 'backlog-1k',
        to: 'backlog-1M',
        against,
        atMost: 1.3,
      }) as const,
  ),
  { kind: 'limit', text: 'state a waiting message, bytes', scenario: 'waiting-1M', figure: 'state', atMost: 16 },
  { kind: 'limit', text: 'timer lag p99, ms', scenario: 'lag', figure: 'p99', atMost: 2 },
  { kind: 'limit', text: 'timer lag p99, 20 µs handlers, ms', scenario: 'lag-busy', figure: 'p99', atMost: 2 },
]
