import type { Adapter, OpenOptions, SubscriptionSpec } from '@pluribus/core/driver'
import { decorate } from '../history/decorate.js'

/** An adapter that declares subscriptions as something else than it is told. */
export const mapDeclared = (inner: Adapter, change: (spec: SubscriptionSpec) => SubscriptionSpec): Adapter =>
  decorate(inner, {
    connection: connection => ({
      declare: (topics, subscriptions) => connection.declare(topics, subscriptions.map(change)),
    }),
  })

/** An adapter that opens sources in another way than it is told. */
export const mapOpened = (inner: Adapter, change: (options: OpenOptions) => OpenOptions): Adapter =>
  decorate(inner, {
    subscriber: subscriber => ({
      open: (spec, options, events) => subscriber.open(spec, change(options), events),
    }),
  })
