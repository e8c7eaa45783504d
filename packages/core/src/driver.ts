/**
 * What adapter authors need: the contract that every broker answers, and the few helpers that all adapters share.
 *
 * @module
 */
export { BrokerUrl, type Host, parseBrokerUrl, redact } from './config/broker-url.js'
export type { Adapter, Classified, Connection, ConnectionEvents, ServerInfo } from './driver/adapter.js'
export { Alarm } from './driver/alarm.js'
export {
  type Capabilities,
  type CountField,
  type Exactness,
  NO_LIMIT,
  WEAKEST_CAPABILITIES,
} from './driver/capabilities.js'
export { refusals, replaced, stale, startNotFound } from './driver/contract-errors.js'
export { type Discipline, type QueueDiscipline, queueDiscipline, type Ranked } from './driver/discipline.js'
export { type Enveloped, fromEnvelope, toEnvelope } from './driver/envelope.js'
export type { Clock, Environment, Logger, TimerHandle, Timers } from './driver/environment.js'
export { Lifetime } from './driver/lifetime.js'
export { ContiguousFloor, type ContiguousFloorOptions } from './driver/log/contiguous-floor.js'
export { decodeNote, encodeNote, type HandoverNote, NOTE_OVERHEAD, type Trouble } from './driver/log/handover-note.js'
export { HeldRetries } from './driver/log/held-retries.js'
export { KeyGate } from './driver/log/key-gate.js'
export { LeaseTimer } from './driver/log/lease-timer.js'
export { LossLedger, type LossLedgerOptions } from './driver/log/loss-ledger.js'
export { partitionOf } from './driver/log/partition-of.js'
export { decodeRanges, encodeRanges, type PositionRange } from './driver/log/position-ranges.js'
export { PushBuffer, type Taken, type Waiting } from './driver/log/push-buffer.js'
export { ReorderWindow } from './driver/log/reorder-window.js'
export type { Headers, OutgoingMessage, Payload, StoredMessage } from './driver/message.js'
export type {
  DeadLetterQuery,
  Persistence,
  RedriveResult,
  StoredDeadLetter,
  SubscriptionCounts,
} from './driver/persistence.js'
export type { Lane, PublishException, Publisher } from './driver/publisher.js'
export { type Redeclared, redeclareSubscription, redeclareTopic } from './driver/redeclare.js'
export type { Retention, SettingChange, Start, SubscriptionName, SubscriptionSpec, TopicSpec } from './driver/spec.js'
export {
  type ConsumerGeneration,
  CRASHED_AFTER,
  type Delivery,
  NO_EXCEPTIONS,
  NOTHING_PULLED,
  type OpenOptions,
  type Pulled,
  type RejectSettlement,
  type ReleaseSettlement,
  type RetrySettlement,
  type Settled,
  type SettleException,
  type Settlement,
  type Source,
  type SourceEvents,
  SUSPECT_AFTER,
  type Subscriber,
  type Token,
} from './driver/subscriber.js'
export type { ErrorCode } from './errors/codes.js'
export { appendErrors, type ErrorRecord, MAX_ERRORS, toErrorRecord } from './errors/error-record.js'
export { type ErrorInit, isPluribusError, PluribusError, type PublishOutcome } from './errors/pluribus-error.js'
export { type Duration, toMilliseconds } from './model/duration.js'
export { EMPTY_HEADERS } from './model/headers.js'
export { checkInteger, checkOptions } from './model/options.js'
