import type {
  Adapter,
  Connection,
  Environment,
  Persistence,
  Publisher,
  Source,
  Subscriber,
} from '@pluribus/core/driver'

/**
 * Copies of the contract's objects with some members replaced. An optional member that is not there stays away: core asks
 * for its presence. Instances of classes have their methods on a prototype, so that a spread would lose them.
 */
export function adapterLike(inner: Adapter, changes: Partial<Adapter>): Adapter {
  return {
    name: inner.name,
    capabilities: inner.capabilities,
    connect: (environment, events) => inner.connect(environment, events),
    classify: error => inner.classify(error),
    ...changes,
  }
}

export function connectionLike(inner: Connection, changes: Partial<Connection>): Connection {
  return {
    server: inner.server,
    capabilities: inner.capabilities,
    declare: (topics, subscriptions) => inner.declare(topics, subscriptions),
    publisher: inner.publisher,
    subscriber: inner.subscriber,
    persistence: inner.persistence,
    close: () => inner.close(),
    ...(inner.maintain === undefined ? {} : { maintain: () => (inner.maintain as () => Promise<number>)() }),
    ...changes,
  }
}

export function publisherLike(inner: Publisher, changes: Partial<Publisher>): Publisher {
  const { publishSequenced, position } = inner
  return {
    get window() {
      return inner.window
    },
    publish: batch => inner.publish(batch),
    ...(publishSequenced === undefined ? {} : { publishSequenced: publishSequenced.bind(inner) }),
    ...(position === undefined ? {} : { position: position.bind(inner) }),
    ...changes,
  }
}

export function subscriberLike(inner: Subscriber, changes: Partial<Subscriber>): Subscriber {
  return {
    open: (spec, options, events) => inner.open(spec, options, events),
    remove: name => inner.remove(name),
    ...changes,
  }
}

export function sourceLike(inner: Source, changes: Partial<Source>): Source {
  const { renew, transferred } = inner
  return {
    ...(transferred === undefined ? {} : { transferred }),
    pull: max => inner.pull(max),
    mark: delivery => inner.mark(delivery),
    settle: settled => inner.settle(settled),
    ...(renew === undefined ? {} : { renew: renew.bind(inner) }),
    close: () => inner.close(),
    ...changes,
  }
}

export function persistenceLike(inner: Persistence, changes: Partial<Persistence>): Persistence {
  const { find, trim } = inner
  return {
    topics: () => inner.topics(),
    subscriptions: topic => inner.subscriptions(topic),
    history: (topic, range) => inner.history(topic, range),
    ...(find === undefined ? {} : { find: find.bind(inner) }),
    ...(trim === undefined ? {} : { trim: trim.bind(inner) }),
    deadLetters: query => inner.deadLetters(query),
    redrive: query => inner.redrive(query),
    discard: query => inner.discard(query),
    counts: subscription => inner.counts(subscription),
    ...changes,
  }
}

/** What is replaced of each connection, and of each source. */
export interface Changes {
  connection?(inner: Connection, environment: Environment): Partial<Connection>
  publisher?(inner: Publisher, environment: Environment): Partial<Publisher>
  subscriber?(inner: Subscriber, environment: Environment): Partial<Subscriber>
  persistence?(inner: Persistence, environment: Environment): Partial<Persistence>
  source?(inner: Source, environment: Environment): Partial<Source>
}

/** An adapter like another one, but for what `changes` replace on every connection. */
export function decorate(inner: Adapter, changes: Changes): Adapter {
  const connect: Adapter['connect'] = async (environment, events) =>
    decorated(await inner.connect(environment, events), environment, changes)
  return adapterLike(inner, { connect })
}

function decorated(connection: Connection, environment: Environment, changes: Changes): Connection {
  const { publisher, subscriber, persistence } = connection
  const source = (opened: Source) =>
    changes.source === undefined ? opened : sourceLike(opened, changes.source(opened, environment))
  const opening: Partial<Subscriber> = {
    open: async (spec, options, events) => source(await subscriber.open(spec, options, events)),
  }
  return connectionLike(connection, {
    publisher: publisherLike(publisher, changes.publisher?.(publisher, environment) ?? {}),
    subscriber: subscriberLike(subscriber, { ...opening, ...changes.subscriber?.(subscriber, environment) }),
    persistence: persistenceLike(persistence, changes.persistence?.(persistence, environment) ?? {}),
    ...changes.connection?.(connection, environment),
  })
}
