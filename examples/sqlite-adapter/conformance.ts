import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineTarget, type Required, VIRTUAL_TIMING } from '@pluribus/conformance'
import { sqlite } from './src/index.ts'

const required: Required = JSON.parse(readFileSync(new URL('required.json', import.meta.url), 'utf8'))

/** Virtual time, although there is a file: SQLite's calls are synchronous, so that nothing ever waits for the disk. */
export default defineTarget({
  name: 'sqlite',
  time: 'virtual',
  timing: VIRTUAL_TIMING,
  required,
  // Everything is in one process here. A poll would cover up a wake-up that is missing.
  settings: async run => ({ dir: mkdtempSync(join(tmpdir(), `${run.uniqueName()}-`)), poll: '365d' }),
  adapter: async ({ dir, poll }) => sqlite({ path: join(String(dir), 'broker.db'), poll: String(poll) }),
  cleanup: async ({ dir }) => rmSync(String(dir), { recursive: true }),
})
