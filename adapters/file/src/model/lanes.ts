/** How far a lane has got, and by which of its forwarders. */
interface LaneState {
  readonly epoch: number
  readonly position: number
}

/** How far each forwarder's lane has got. A newer epoch takes a lane over; from then on the older one stores nothing. */
export class Lanes {
  readonly #lanes = new Map<string, LaneState>()

  /** The lane's position; 0 for one not seen before. */
  position(name: string): number {
    return this.#lanes.get(name)?.position ?? 0
  }

  epoch(name: string): number {
    return this.#lanes.get(name)?.epoch ?? Number.NEGATIVE_INFINITY
  }

  set(name: string, epoch: number, position: number): void {
    this.#lanes.set(name, { epoch, position })
  }

  entries(): IterableIterator<[string, LaneState]> {
    return this.#lanes.entries()
  }

  get size(): number {
    return this.#lanes.size
  }
}
