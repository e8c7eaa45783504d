import type { Timing } from '../target/timing.js'

/** A handler timeout that no handler of a case outlives, whatever it waits for, in milliseconds. */
export const patient = ({ arrive, redeliver, delay, lease, quiet, recover }: Timing): number =>
  4 * (arrive + redeliver + delay + lease + quiet + recover)
