import type { UnreliableAdapter } from '@pluribus/core/testing'

/** A process dies without a goodbye, and the broker notices at once: what it held is given back. */
export function die(adapter: UnreliableAdapter): Promise<void> {
  adapter.kill()
  return adapter.dispose()
}
