export type { Claimed } from './claimed.js'
export { CRASHED_AFTER, DeliveryQueue, SUSPECT_AFTER } from './delivery-queue.js'
export { PendingCounts } from './pending-counts.js'
export type { Order, QueueCounts, QueueOptions } from './queue-options.js'
