import type { Goal } from '../../broker.ts'

const ratio = (text: string, scenario: string, against: string, atLeast: number): Goal => ({
  kind: 'ratio',
  text,
  scenario,
  against,
  atLeast,
})

/** The goals of the issue. */
export const goals: readonly Goal[] = [
  ratio('publish, 256 in flight', 'publish', 'raw-minimal', 0.8),
  ratio('publish, 4,096 in flight', 'publish-wide', 'raw-minimal', 0.8),
  ratio('publish, 256 callers of one each', 'publish-callers', 'raw-minimal', 0.8),
  ratio('publish, 4,096 callers of one each', 'publish-callers-wide', 'raw-minimal', 0.8),
  ratio('publish while consuming', 'bytes', 'raw-equal', 0.8),
  ratio('publish while consuming, eight publishers', 'wide', 'raw-equal', 0.8),
  ratio('publish while consuming', 'bytes', 'node-sqlite', 3),
  ratio('publish while consuming', 'bytes', 'append-file', 50),
  {
    kind: 'limit',
    text: 'opening, by reading all bytes of the folder',
    scenario: 'open-1M',
    figure: 'ratio',
    atMost: 3,
  },
  {
    kind: 'limit',
    text: 'opening, by reading all bytes of the folder, main thread',
    scenario: 'open-1M',
    figure: 'threadRatio',
    atMost: 3,
  },
  {
    kind: 'cost',
    text: 'latency p99 at 500/s',
    scenario: 'latency',
    figure: 'p99',
    against: 'raw-equal',
    atMost: 1.5,
  },
  {
    kind: 'growth',
    text: 'growth of the cost of a message, backlog 1k to 1M',
    from: 'backlog-1k',
    to: 'backlog-1M',
    against: 'raw-equal',
    atMost: 1.3,
  },
]
