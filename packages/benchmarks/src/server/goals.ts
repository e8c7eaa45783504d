import type { Goal } from '../broker.ts'

/** The goals that all servers share, at 256 bytes and at 4 KiB; `atLeast`: how many times as fast as which peers. */
export const serverGoals = (atLeast: Readonly<Record<string, number>>): readonly Goal[] => [
  ...Object.entries({ 'raw-equal': 0.8, ...atLeast }).map(
    ([against, ratio]) =>
      ({ kind: 'ratio', text: 'publish while consuming', scenario: 'bytes', against, atLeast: ratio }) as const,
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
