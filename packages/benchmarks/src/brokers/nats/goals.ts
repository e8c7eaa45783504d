import type { Goal } from '../../broker.ts'

const AT_LEAST: readonly (readonly [against: string, atLeast: number])[] = [
  ['raw-equal', 0.8],
  ['plain-js', 2],
  ['moleculer', 2],
]

/** The goals of the issue, at 256 bytes and at 4 KiB. */
export const goals: readonly Goal[] = [
  ...AT_LEAST.map(
    ([against, atLeast]) =>
      ({ kind: 'ratio', text: 'publish while consuming', scenario: 'bytes', against, atLeast }) as const,
  ),
  { kind: 'ratio', text: 'publish while consuming, 4 KiB', scenario: 'bytes-4k', against: 'raw-equal', atLeast: 0.8 },
  {
    kind: 'cost',
    text: 'latency p99 at 500/s',
    scenario: 'latency',
    figure: 'p99',
    against: 'raw-minimal',
    atMost: 1.5,
  },
  { kind: 'floor', text: 'steady: last minute ÷ first', scenario: 'steady', figure: 'last', atLeast: 0.9 },
]
