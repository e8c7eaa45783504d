import type { Outage } from '../outage.ts'
import { cut } from './cut.ts'
import { freezeBroker } from './freeze-broker.ts'
import { freezeConsumer } from './freeze-consumer.ts'
import { freezeLeader } from './freeze-leader.ts'
import { killAll } from './kill-all.ts'
import { killBroker } from './kill-broker.ts'
import { killConsumer } from './kill-consumer.ts'
import { killLeader } from './kill-leader.ts'
import { longOutage } from './long-outage.ts'
import { lostReplies } from './lost-replies.ts'
import { terminateConsumer } from './terminate-consumer.ts'
import { wipeBroker } from './wipe-broker.ts'

/** Every kind of outage. */
export const OUTAGES: readonly Outage[] = [
  ...[killBroker, killAll, killConsumer, freezeBroker, freezeConsumer, cut, lostReplies, killLeader, freezeLeader],
  ...[terminateConsumer, longOutage, wipeBroker],
]
