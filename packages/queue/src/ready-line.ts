/**
 * Messages of one band that are ready for the first time, in the order in which they are served.
 *
 * A line assigns places: strictly increasing numbers, never reused. What leaves a line never comes back to it; a message
 * that is given back keeps its place and waits in a {@link PlaceHeap} beside the line.
 */
export interface ReadyLine {
  /** 1 where the smallest place is served first, -1 where the largest is. */
  readonly direction: 1 | -1
  readonly empty: boolean
  /** Position of the message served next. Only while not empty. */
  readonly position: number
  /** Place of the message served next. Only while not empty. */
  readonly place: number
  /** Adds a message and returns its place. */
  push(position: number): number
  /** Takes a place for a message that waits elsewhere, behind its key. */
  reserve(): number
  /** Removes the message served next. Only while not empty. */
  drop(): void
  /** Positions in the line, in no promised order; the line must not change meanwhile. */
  positions(): IterableIterator<number>
}
