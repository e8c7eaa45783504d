import type { Delivery } from '../driver/subscriber.js'

/** A source, as far as its generation and the controls deal with it. */
export interface GenerationSource {
  /** Whether it has ended, or core has closed it. */
  readonly isOver: boolean
  /** What has been handed out and not been settled. */
  readonly held: readonly Delivery[]
  /** Tells core that the source is over, once. */
  end(cause: unknown): void
  /** The broker ends it; what it held is given back, unless the leases are to run out. */
  endByBroker(cause: unknown, giveBack: boolean): void
  /** Takes deliveries away; answers how many. */
  take(filter: (delivery: Delivery) => boolean): number
}
