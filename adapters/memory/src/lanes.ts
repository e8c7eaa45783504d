import type { Lane } from '@pluribus/core/driver'

interface LaneState {
  epoch: number
  position: number
}

/** How far each forwarder's lane has got. A newer epoch takes a lane over; from then on the older one stores nothing. */
export class Lanes {
  readonly #lanes = new Map<string, LaneState>()

  /** The lane's position; 0 for one not seen before. */
  position(name: string): number {
    return this.#lanes.get(name)?.position ?? 0
  }

  /** Whether a batch that begins at `first` may be stored: its epoch is not old, and there is no gap before it. */
  accepts(lane: Lane, first: number): boolean {
    const stored = this.#lanes.get(lane.name)
    if (stored === undefined) return first <= 1
    return lane.epoch >= stored.epoch && first <= stored.position + 1
  }

  /** The lane has got to a position, or stays where it is if it was further. */
  advance(lane: Lane, position: number): number {
    const reached = Math.max(position, this.position(lane.name))
    this.#lanes.set(lane.name, { epoch: lane.epoch, position: reached })
    return reached
  }
}
