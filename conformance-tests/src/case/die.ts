import type { UnreliableAdapter } from '@pluribus/core/testing'

/**
 * A process dies without a goodbye, and its connections with it. What it held comes back when its leases end; at once where
 * the broker has none.
 */
export function die(adapter: UnreliableAdapter): Promise<void> {
  adapter.kill()
  return adapter.dispose()
}
