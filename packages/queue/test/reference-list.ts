import type { Order } from '../src/index.js'
import { byPlace, type Delivery } from './reference-records.js'

/** All deliveries of the model in one list, searched and sorted anew for every question. */
export class ReferenceList {
  readonly all: Delivery[] = []
  readonly #order: Order

  constructor(order: Order) {
    this.#order = order
  }

  /** Ready, and first of their key: in the order in which they are served. */
  servable(): Delivery[] {
    return this.in('ready')
      .filter(delivery => this.earlierOfKey(delivery).length === 0)
      .sort((a, b) => this.byService(a, b))
  }

  byService(a: Delivery, b: Delivery): number {
    return a.message.band - b.message.band || (this.#order === 'lifo' ? -1 : 1) * byPlace(a, b)
  }

  earlierOfKey(delivery: Delivery): Delivery[] {
    const { key } = delivery.message
    if (key === undefined) return []
    return this.all.filter(
      other =>
        other.message.key === key &&
        (other.state === 'ready' || other.state === 'leased' || other.state === 'retrying') &&
        byPlace(other, delivery) < 0,
    )
  }

  /** Only for counting transitions: somebody earlier of the key has been handed out, so this one is passed over. */
  isBlocked(delivery: Delivery): boolean {
    return this.earlierOfKey(delivery).some(other => other.state !== 'ready' || other.hasBeenOut)
  }

  /** What came over to a session and has not been claimed, in the order of service. */
  reservedFor(session: number): Delivery[] {
    return this.in('leased')
      .filter(({ lease }) => lease?.session === session && lease.isReserved)
      .sort((a, b) => this.byService(a, b))
  }

  in(state: Delivery['state']): Delivery[] {
    return this.all.filter(delivery => delivery.state === state)
  }

  deadAt(position: number): Delivery | undefined {
    return this.in('dead').find(({ message }) => message.position === position)
  }

  holder(token: number): Delivery | undefined {
    return this.in('leased').find(({ lease }) => lease?.token === token)
  }
}
