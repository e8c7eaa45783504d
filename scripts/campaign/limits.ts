/** New messages flow within so many milliseconds of the broker's return; what was in flight within a lease more. */
export const RECOVERY = 5_000
/** Another process leads within so many milliseconds of a leader's death; within the leader's timeout more where it only fell silent. */
export const ELECTION = 1_000
/** Kills that strike nobody at work show little: so large a part of them must have had unsettled deliveries in flight. */
export const LEAST_WITH_WORK = 0.8
