import type { Adapter } from '@pluribus/core/driver'
import { CAPABILITIES } from './capabilities.ts'
import { connect } from './connection.ts'
import { classify } from './errors.ts'
import type { Latest } from './subscriber.ts'

/** A broker in the SQLite file at `path`, which is made where it is missing. */
export function sqlite({ path }: { readonly path: string }): Adapter {
  const latest: Latest = new Map()
  return {
    name: 'sqlite',
    capabilities: CAPABILITIES,
    connect: async environment => connect(path, environment, latest),
    classify,
  }
}
