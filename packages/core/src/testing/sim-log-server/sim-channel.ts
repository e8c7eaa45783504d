import { SimPartition } from './sim-partition.js'

/** How a channel is created, and how long it keeps what is in it. */
export interface SimChannelSpec {
  readonly name: string
  readonly partitions: number
  /** Milliseconds. Default: for ever. */
  readonly age?: number
  /** Bytes, in each partition. Default: any number. */
  readonly bytes?: number
}

/** A named set of partitions. */
export class SimChannel {
  readonly partitions: readonly SimPartition[]
  /** What it was created with, or changed to since. */
  spec: SimChannelSpec

  constructor(spec: SimChannelSpec) {
    this.spec = spec
    this.partitions = Array.from({ length: spec.partitions }, () => new SimPartition())
  }

  /** The broker's own retention: it asks nobody whether everything has been handled. `now`: milliseconds since the epoch. */
  expire(now: number): void {
    const { age = Number.POSITIVE_INFINITY, bytes = Number.POSITIVE_INFINITY } = this.spec
    if (age === Number.POSITIVE_INFINITY && bytes === Number.POSITIVE_INFINITY) return
    for (const partition of this.partitions) partition.expire(now - age, bytes)
  }
}
