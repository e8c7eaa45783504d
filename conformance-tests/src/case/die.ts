import type { UnreliableAdapter } from '@pluribus/core/testing'
import type { CaseContext } from './context.js'

/**
 * The process of a breakable broker dies without goodbye. Where no lease watches over what it held, because consumers
 * compete by partition, its client is closed as well: the operating system would close the sockets of a dead process.
 */
export async function die(it: CaseContext, adapter: UnreliableAdapter): Promise<void> {
  adapter.kill()
  if (it.capabilities.competing === 'partition') await adapter.dispose()
}
