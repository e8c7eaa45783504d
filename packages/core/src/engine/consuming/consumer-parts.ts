import type { Adapter } from '../../driver/adapter.js'
import type { Environment } from '../../driver/environment.js'
import type { Handler } from '../../model/handler.js'
import type { Subscription } from '../../model/topic.js'
import type { Declarations } from '../connection/declarations.js'
import type { Link } from '../connection/link.js'
import type { Emitter } from '../emitter.js'
import type { Turn } from '../turn.js'
import type { DeliveredMessage } from './delivered-message.js'
import type { CausedPublisher, Run } from './run.js'

/** Runs the middleware and the handler. */
export type Invoke = (message: DeliveredMessage<unknown>, run: Run) => unknown

/** What a consumer works with, given by the broker. */
export interface ConsumerParts {
  readonly adapter: Adapter
  readonly environment: Environment
  readonly emitter: Emitter
  readonly link: Link
  readonly turn: Turn
  readonly declarations: Declarations
  readonly publisher: CausedPublisher
  /** Milliseconds. */
  readonly lease: number
  /** How long the first source may take to open, in milliseconds. */
  readonly connectTimeout: number
}

/** What a consumer is for. */
export interface ConsumerTask {
  /** Numbers it among the consumers of its broker: two may follow each other, or overlap while the first one drains. */
  readonly id: number
  readonly subscription: Subscription<unknown>
  readonly handler: Handler<never>
  readonly invoke: Invoke
  readonly concurrency: number
  readonly prefetch: number
}
