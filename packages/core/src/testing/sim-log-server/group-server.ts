import type { LinkTime } from './sim-link.js'
import type { SimPartition } from './sim-partition.js'

/** Where a group goes on reading a partition, and what was stored with that. */
export interface SimCommit {
  readonly channel: string
  readonly index: number
  readonly position: number
  readonly note: string
}

/** What a group asks of its server. */
export interface GroupServer {
  readonly time: LinkTime
  readonly sessionTimeout: number
  readonly rebalancing: 'eager' | 'cooperative'
  readonly noteBytes: number
  /** Milliseconds until the group is disturbed for no reason; undefined for never. */
  unrest(): number | undefined
  /** Runs what is due: at once, or when the server, which stands still, goes on. */
  whenAwake(run: () => void): void
  find(channel: string, index: number): SimPartition | undefined
}
