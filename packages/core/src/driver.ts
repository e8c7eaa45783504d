/**
 * What adapter authors need: the contract that every broker answers, and the few helpers that all adapters share.
 *
 * @module
 */
export { BrokerUrl, type Host, parseBrokerUrl, redact } from './config/broker-url.js'
export type { Adapter, Classified, Connection, ConnectionEvents, ServerInfo } from './driver/adapter.js'
export type { Capabilities, CountField, Exactness } from './driver/capabilities.js'
export { type Discipline, type QueueDiscipline, queueDiscipline, type Ranked } from './driver/discipline.js'
export type { Clock, Environment, Logger, TimerHandle, Timers } from './driver/environment.js'
export type { Headers, OutgoingMessage, Payload, StoredMessage } from './driver/message.js'
export type {
  DeadLetterQuery,
  Persistence,
  RedriveResult,
  StoredDeadLetter,
  SubscriptionCounts,
} from './driver/persistence.js'
export type { Lane, PublishException, Publisher } from './driver/publisher.js'
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
