import type { StoredMessage } from '../../driver/message.js'
import type { ErrorRecord } from '../../errors/error-record.js'
import type { Lane } from './lane.js'
import type { OwnedPartition } from './owned-partition.js'

/** A message of this subscription that has been read and is not settled. */
export interface Item {
  readonly message: StoredMessage
  /** For the reorder window. */
  readonly priority: number
  readonly partition: OwnedPartition<Item>
  readonly lane: Lane
  readonly position: number
  readonly ordinal: number
  /** Its place in the window: that of its publication for a retry, otherwise in the order of arrival. */
  readonly place: number
  /** The position it was published at. */
  readonly origin: number
  failures: number
  errors: readonly ErrorRecord[]
  /** What becomes of it is stored elsewhere, its retry or its dead letter: only the floor has to follow. */
  isCopied: boolean
}
