import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../published.ts'

const FOLDERS = ['adapters', 'examples']
/** Where there are two, the one in real time: an outage takes real time, and processes of its own. */
const MODULES = ['conformance-real.ts', 'conformance.ts']

/** The target modules that a campaign may be about, by the names of their folders. */
export const targetModules: ReadonlyMap<string, string> = new Map(
  FOLDERS.flatMap(folder =>
    readdirSync(join(ROOT, folder)).flatMap(name => {
      const module = MODULES.map(file => join(ROOT, folder, name, file)).find(file => existsSync(file))
      return module === undefined ? [] : [[name, module] as const]
    }),
  ),
)
