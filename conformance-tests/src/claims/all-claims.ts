import type { Claim } from './claim.js'

/**
 * Every claim that promises something, so that a case must prove it. Weaker values (`none`, `local`, `sent`, `process`,
 * `may-drop-pending`) promise nothing of their own.
 */
export const ALL_CLAIMS = [
  'durability:memory',
  'durability:process',
  'durability:disk',
  'durability:replicated',
  'fifo:exact',
  'fifo:windowed',
  'lifo:exact',
  'lifo:windowed',
  'priority:exact',
  'priority:windowed',
  'priorityLevels',
  'keys:key',
  'keys:window',
  'keys:partition',
  'competing:message',
  'competing:partition',
  'delay:native',
  'delay:emulated',
  'delayTick',
  'fencing:exact',
  'fencing:local',
  'settle:stored',
  'settle:sent',
  'attempts:stored',
  'attempts:process',
  'losses:marked',
  'deduplication:supplied',
  'deduplication:all',
  'retention:keeps-pending',
  'history:stored',
  'from:earliest',
  'from:latest',
  'from:time',
  'from:id',
  'counts:waiting',
  'counts:leased',
  'counts:retrying',
  'counts:scheduled',
  'counts:dead',
  'sequenced:stored',
  'sequenced:checked',
  'transactions:native',
  'limits.payload',
  'limits.headers',
  'limits.hold',
] as const satisfies readonly Claim[]

/** Values that say that there is nothing: no case proves them. Together with {@link ALL_CLAIMS} they are all claims there are. */
export const NO_PROMISES = [
  'fifo:none',
  'lifo:none',
  'priority:none',
  'keys:none',
  'delay:none',
  'losses:none',
  'deduplication:none',
  'retention:may-drop-pending',
  'history:none',
  'sequenced:none',
  'transactions:none',
] as const satisfies readonly Claim[]

/** Fails to compile where a claim stands in neither list. */
const COMPLETE: Exclude<Claim, (typeof ALL_CLAIMS)[number] | (typeof NO_PROMISES)[number]> extends never
  ? true
  : never = true
export const isComplete: boolean = COMPLETE
