/**
 * One messaging API over any broker.
 *
 * @module
 */
export type { AdapterPackage, AdapterSource } from './config/adapter-source.js'
export { defineConfig, type EnvReference, env, type PluribusConfig } from './config/define-config.js'
export type { ServerInfo } from './driver/adapter.js'
export type { Capabilities } from './driver/capabilities.js'
export type { Discipline } from './driver/discipline.js'
export type { Environment, Logger } from './driver/environment.js'
export type { Headers, Payload } from './driver/message.js'
export type { RedriveResult, SubscriptionCounts } from './driver/persistence.js'
export type { SettingChange, Start } from './driver/spec.js'
export type { BrokerOptions } from './engine/broker-options.js'
export { createBroker } from './engine/create-broker.js'
export type { Draft, HandleMiddleware, PublishMiddleware } from './engine/middleware.js'
export { ERROR_CODES, type ErrorCode } from './errors/codes.js'
export type { ErrorRecord } from './errors/error-record.js'
export { type ErrorInit, isPluribusError, PluribusError, type PublishOutcome } from './errors/pluribus-error.js'
export type {
  Broker,
  CloseOptions,
  ConsumerHandle,
  DeadLetterSelection,
  Refusal,
  SubscribeOptions,
} from './model/broker.js'
export { bytes } from './model/bytes.js'
export type { Codec } from './model/codec.js'
export { DEAD_REASONS, type DeadLetter } from './model/dead-letter.js'
export { fifo, lifo, type OrderOptions, priority } from './model/discipline.js'
export type { Duration } from './model/duration.js'
export type { BrokerEvents, DeliveryEvent, EndedDeliveryEvent } from './model/events.js'
export type { Context, Handler } from './model/handler.js'
export type { Instant } from './model/instant.js'
export {
  type DeliveryEntry,
  type DeliveryOutcome,
  type DeliveryPage,
  deliveryJournal,
  type JournalLevel,
  type ProcessIdentity,
  type ProcessReport,
  processJournal,
  processState,
  type RunningSubscription,
} from './model/journal.js'
export { JOURNAL_FORMAT } from './model/journal-codec.js'
export { json } from './model/json.js'
export type { Message } from './model/message.js'
export { type Outcome, reject, release, retry } from './model/outcome.js'
export type { PublishItem, PublishOptions, Receipt } from './model/publish-options.js'
export type { PublishReport } from './model/publish-report.js'
export type { RetryOptions } from './model/retry-policy.js'
export type { InferInput, InferOutput, StandardSchema } from './model/schema.js'
export { type Subscription, type SubscriptionOptions, type Topic, type TopicOptions, topic } from './model/topic.js'
