import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineTarget, LOCAL_TIMING, type Required } from '@pluribus/conformance'
import { file } from '@pluribus/file'
import required from './required.json' with { type: 'json' }
import { leaderOf } from './test/leader-of.ts'

export default defineTarget({
  name: 'file',
  time: 'real',
  timing: { ...LOCAL_TIMING, recover: 5_000 },
  required: required as Required,
  settings: async () => ({ dir: await mkdtemp(join(tmpdir(), 'pluribus-file-')) }),
  // Supplied ids are remembered for as long as a case can wait.
  adapter: async ({ dir }) => file({ dir: String(dir), deduplicationWindow: '5s' }),
  hooks: { module: import.meta.url, leader: { timeout: 5_000, find: ({ dir }) => leaderOf(String(dir)) } },
  cleanup: async ({ dir }) => rm(String(dir), { recursive: true, force: true }),
})
