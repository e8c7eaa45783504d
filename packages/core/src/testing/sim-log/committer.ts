import { rebalancing } from './errors.js'
import type { Item } from './item.js'
import type { Lane } from './lane.js'
import type { Membership } from './membership.js'
import type { OwnedPartition } from './owned-partition.js'

/** A lane with the partition it belongs to. */
export interface LaneOf {
  readonly partition: OwnedPartition<Item>
  readonly lane: Lane
}

/** Stores floors, one commit in flight: whatever is asked for meanwhile travels in the next one. */
export class Committer {
  readonly #membership: Membership
  #dirty = new Map<Lane, OwnedPartition<Item>>()
  #next: Promise<void> | undefined
  /** Never rejects. */
  #current: Promise<void> = Promise.resolve()

  constructor(membership: Membership) {
    this.#membership = membership
  }

  /** Resolves when these lanes are stored as they are now, or later. */
  store(lanes: Iterable<LaneOf>): Promise<void> {
    for (const { lane, partition } of lanes) this.#dirty.set(lane, partition)
    this.#next ??= this.#after(this.#current)
    return this.#next
  }

  async #after(current: Promise<void>): Promise<void> {
    await current
    const dirty = this.#dirty
    this.#dirty = new Map()
    this.#next = undefined
    const stored = this.#commit(dirty)
    this.#current = stored.catch(() => {})
    await stored
  }

  async #commit(dirty: ReadonlyMap<Lane, OwnedPartition<Item>>): Promise<void> {
    // Another owner may be reading what was stored when we let go.
    for (const partition of dirty.values()) if (partition.phase === 'leaving') throw rebalancing()
    const taken = Array.from(dirty.keys(), lane => lane.commit())
    await this.#membership.commit(taken.map(({ commit }) => commit))
    for (const { stored } of taken) stored()
  }
}
