import { KeyGate } from '../../driver/log/key-gate.js'
import type { Lane } from './lane.js'

/**
 * `taking`: it has been given to us, and the server does not know yet that we have it. `active`: it is worked on. `leaving`: it
 * has been asked back, and may be given to us again.
 */
export type Phase = 'taking' | 'active' | 'leaving'

/**
 * A partition that we have: one lane for the topic and one for the subscription's own channel, with the same keys. Only what
 * is active is handed out; what core has already goes on until it is known that the partition has gone to others.
 */
export class OwnedPartition<T> {
  readonly index: number
  readonly lanes: readonly Lane[]
  readonly gate = new KeyGate<T>()
  phase: Phase = 'taking'
  /** What became ready while it was not active. */
  waiting: T[] = []

  constructor(index: number, lanes: readonly Lane[]) {
    this.index = index
    this.lanes = lanes
  }
}
