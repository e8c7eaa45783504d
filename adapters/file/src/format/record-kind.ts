/** The version of everything that this package writes into a log: the first byte of each record. */
export const FORMAT = 1

/** The version of its checkpoints: their first byte. 1 was never released. */
export const CHECKPOINT_FORMAT = 2

/** What a record says: the `kind` of the commit log. */
export const KIND = Object.freeze({
  /** A message was published. */
  MESSAGE: 1,
  /** Messages were handed out. */
  TAKEN: 2,
  /** Deliveries have ended: acks, failed runs, what was given back. */
  SETTLED: 3,
  /** A message is dead, with all that is known of it. */
  DEAD: 4,
  /** A suspect is being run, alone. */
  MARKED: 5,
  /** Topics and subscriptions as they are from now on. */
  DECLARED: 6,
  /** A subscription is gone. */
  REMOVED: 7,
  /** Dead letters were put back. */
  REVIVED: 8,
  /** Dead letters are gone. */
  DISCARDED: 9,
  /** Handled messages of a topic are gone. */
  TRIMMED: 10,
  /** A forwarder's lane has got to a position. */
  LANE: 11,
  /** A message that is still wanted, copied forward. Its earlier record is not. */
  MOVED: 12,
})

/**
 * What is stored while the disk is full, out of the log's reserve: whatever leads to room. A claim does, because nothing is acked
 * that was not handed out.
 */
export const VITAL_KINDS: readonly number[] = Object.freeze([
  KIND.TAKEN,
  KIND.SETTLED,
  KIND.DEAD,
  KIND.MARKED,
  KIND.REMOVED,
  KIND.DISCARDED,
  KIND.TRIMMED,
  KIND.MOVED,
])
