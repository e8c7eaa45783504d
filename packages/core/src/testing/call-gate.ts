import type { Timers } from '../driver/environment.js'
import type { FaultOperation } from './fault-script.js'

/** Where a call waits: on its way in, or on its way back. */
export type GateSide = 'request' | 'reply'

/** A call at the gate. */
export interface GateEntry {
  readonly side: GateSide
  readonly operation: FaultOperation
  /** Calls of one operation on one target pass in the order in which they came. */
  readonly target: object
  readonly timers: Timers
}

interface Waiting {
  blocks: number
  readonly lane: Waiting[]
  readonly pass: () => void
}

/** Lets calls wait for a release or for a time. Passing is synchronous where nothing is in the way. */
export class CallGate {
  readonly #holds = new Map<string, Set<Waiting[]>>()
  readonly #delays = new Map<string, number>()
  readonly #lanes = new WeakMap<object, Map<string, Waiting[]>>()

  /** Calls of an operation wait from now on; returns what lets them go. Several holds add up. */
  hold(side: GateSide, operation: FaultOperation): () => void {
    const kind = `${side} ${operation}`
    const held: Waiting[] = []
    const holds = this.#holds.get(kind) ?? new Set()
    this.#holds.set(kind, holds.add(held))
    return () => {
      if (!holds.delete(held)) return
      for (const waiting of held) this.#unblock(waiting)
    }
  }

  /** Calls of an operation take `ms` milliseconds longer from now on; 0 for no longer. */
  delay(side: GateSide, operation: FaultOperation, ms: number): void {
    this.#delays.set(`${side} ${operation}`, ms)
  }

  /** Releases every hold and forgets every delay. */
  open(): void {
    this.#delays.clear()
    for (const holds of this.#holds.values()) {
      const all = [...holds]
      holds.clear()
      for (const waiting of all.flat()) this.#unblock(waiting)
    }
  }

  enter(entry: GateEntry, pass: () => void): void {
    const kind = `${entry.side} ${entry.operation}`
    const lane = this.#lane(entry.target, kind)
    const holds = this.#holds.get(kind) ?? []
    const delay = this.#delays.get(kind) ?? 0
    const waiting: Waiting = { blocks: 0, lane, pass }
    for (const held of holds) {
      waiting.blocks++
      held.push(waiting)
    }
    if (delay > 0) {
      waiting.blocks++
      entry.timers.setTimeout(() => this.#unblock(waiting), delay)
    }
    lane.push(waiting)
    this.#drain(lane)
  }

  #lane(target: object, kind: string): Waiting[] {
    const lanes = this.#lanes.get(target) ?? new Map<string, Waiting[]>()
    this.#lanes.set(target, lanes)
    const lane = lanes.get(kind) ?? []
    lanes.set(kind, lane)
    return lane
  }

  #unblock(waiting: Waiting): void {
    waiting.blocks--
    this.#drain(waiting.lane)
  }

  /** The head alone decides: one that has waited long enough still waits for those before it. */
  #drain(lane: Waiting[]): void {
    while (lane[0] !== undefined && lane[0].blocks <= 0) lane.shift()?.pass()
  }
}
