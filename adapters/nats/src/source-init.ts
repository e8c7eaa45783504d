import type { OpenOptions, SourceEvents } from '@pluribus/core/driver'
import type { Declared } from './declaration.js'
import type { Link } from './link.js'

/** What a source is opened on, and for. */
export interface SourceInit {
  readonly link: Link
  readonly declared: Declared
  readonly options: OpenOptions
  readonly events: SourceEvents
  /** How long the server waits for a word of a delivery, in milliseconds. */
  readonly wait: number
  /** Positions of which something is known, though the server has forgotten that it has handed them out. */
  readonly known: ReadonlySet<number>
  /** Whether its subscription is still declared. */
  isDeclared(): Promise<boolean>
  /** Told once, when the source is over. */
  over(): void
}
