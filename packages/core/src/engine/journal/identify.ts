import type { Environment } from '../../driver/environment.js'
import type { ProcessIdentity } from '../../model/journal.js'
import { VERSION } from '../../version.js'

/** Who writes the journal of a broker that is created now. What the platform does not say is left out. */
export function identify({ instance, clock }: Environment, adapter: string, source: string): ProcessIdentity {
  const host = hostname()
  const node = process.versions?.node
  return Object.freeze({
    ...{ instance, source, adapter, version: VERSION, started: clock.now() },
    ...(host === undefined ? {} : { host }),
    ...(process.pid === undefined ? {} : { pid: process.pid }),
    ...(node === undefined ? {} : { runtime: `node ${node}` }),
  })
}

/** Asked for, not imported: core loads where there is no `node:os`. */
function hostname(): string | undefined {
  try {
    return process.getBuiltinModule?.('node:os')?.hostname()
  } catch {
    // A machine that cannot tell its name has none; that is no reason not to begin.
    return undefined
  }
}
