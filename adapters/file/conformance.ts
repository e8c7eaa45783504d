import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineTarget, LOCAL_TIMING, type Required, type Settings } from '@pluribus/conformance'
import { file } from '@pluribus/file'
import required from './required.json' with { type: 'json' }
import { ForeignClient } from './test/foreign-client.ts'
import { onFullDisk } from './test/full-disk.ts'
import { leaderOf } from './test/leader-of.ts'

/** Milliseconds: supplied ids are remembered for as long as a case can wait. */
const WINDOW = 5_000

const adapter = async ({ dir }: Settings) => file({ dir: String(dir), deduplicationWindow: WINDOW })

export default defineTarget({
  name: 'file',
  time: 'real',
  timing: { ...LOCAL_TIMING, recover: 5_000 },
  required: required as Required,
  settings: async () => ({ dir: await realpath(await mkdtemp(join(tmpdir(), 'pluribus-file-'))) }),
  adapter,
  hooks: {
    module: import.meta.url,
    raw: ({ dir }) => ForeignClient.open(String(dir), WINDOW),
    failingStore: async (settings, faults) => onFullDisk(await adapter(settings), String(settings.dir), faults),
    leader: { timeout: 5_000, find: ({ dir }) => leaderOf(String(dir)) },
  },
  cleanup: async ({ dir }) => rm(String(dir), { recursive: true, force: true }),
})
