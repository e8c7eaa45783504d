import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './scripts/longest-first.ts'

// Tests read the sources, not the build: the condition `pluribus-source` of every package's exports.
const conditions = ['pluribus-source', 'node', 'import', 'default']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['{packages,adapters,examples,conformance-tests}/**/test/**/*.test.ts', 'scripts/test/**/*.test.ts'],
    testTimeout: 30_000,
    // One less is Vitest's default; but what waits for servers leaves most of its core to others.
    maxWorkers: availableParallelism(),
    sequence: { sequencer: LongestFirst },
  },
})
