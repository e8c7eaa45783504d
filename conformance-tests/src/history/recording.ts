import type { Clock } from '@pluribus/core/driver'
import type { History } from './history.js'

/** A source that is being recorded, as far as its connection deals with it. */
export interface OpenSource {
  /** The source is over; what it held is nobody's any more. Only the first end counts. */
  over(why: 'closed' | 'ended' | 'lost'): void
}

/** Where a connection writes to. */
export interface Recording {
  readonly history: History
  readonly process: string
  /** The open sources of this connection. */
  readonly sources: Set<OpenSource>
  /** By which its adapter says when a lease began. */
  readonly clock?: Pick<Clock, 'monotonic'>
}
