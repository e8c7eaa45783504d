import type { Adapter, Connection, Environment, Persistence } from '@pluribus/core/driver'
import { adapterLike, connectionLike, persistenceLike } from './decorate.js'
import type { History } from './history.js'
import { recordPublisher } from './record-publisher.js'
import { recordSubscriber } from './record-subscriber.js'
import type { OpenSource, Recording } from './recording.js'

/**
 * An adapter that writes into a history all that passes between it and core. `process` names the broker object that it is
 * for: give each its own.
 *
 * @example
 * ```ts
 * import { History, recordAdapter } from '@pluribus/conformance'
 * import { memory, memoryStore } from '@pluribus/memory'
 *
 * const history = new History({ monotonic: () => performance.now() })
 * const store = memoryStore()
 * const [first, second] = ['first', 'second'].map(process => recordAdapter(memory({ store }), history, process))
 * ```
 */
export function recordAdapter(adapter: Adapter, history: History, process: string): Adapter {
  const connect = async (environment: Environment, events: { lost(cause: unknown): void }): Promise<Connection> => {
    const sources = new Set<OpenSource>()
    const inner = await adapter.connect(environment, {
      lost: cause => {
        for (const source of [...sources]) source.over('lost')
        events.lost(cause)
      },
    })
    return recordConnection(inner, { history, process, sources, clock: environment.clock })
  }
  return adapterLike(adapter, { connect })
}

function recordConnection(inner: Connection, recording: Recording): Connection {
  const { history, process, sources } = recording
  return connectionLike(inner, {
    async declare(topics, subscriptions) {
      const changes = await inner.declare(topics, subscriptions)
      for (const { topic, name, discipline, from } of subscriptions) {
        const spec = topics.find(candidate => candidate.name === topic)
        const { partitions = 1, retention = {} } = spec ?? {}
        history.add(process, {
          kind: 'declare',
          topic,
          subscription: name,
          order: discipline.kind,
          from,
          partitions,
          retention,
        })
      }
      return changes
    },
    publisher: recordPublisher(inner.publisher, recording),
    subscriber: recordSubscriber(inner.subscriber, recording),
    persistence: recordPersistence(inner.persistence, recording),
    async close() {
      for (const source of [...sources]) source.over('closed')
      await inner.close()
    },
  })
}

function recordPersistence(inner: Persistence, { history, process }: Recording): Persistence {
  return persistenceLike(inner, {
    redrive(query) {
      const { topic, name } = query.subscription
      history.add(process, { kind: 'redrive', topic, subscription: name, ids: query.ids ?? 'all' })
      return inner.redrive(query)
    },
    discard(query) {
      const { topic, name } = query.subscription
      history.add(process, { kind: 'discard', topic, subscription: name, ids: query.ids ?? 'all' })
      return inner.discard(query)
    },
    ...(inner.trim === undefined
      ? {}
      : {
          trim: (topic, before) => {
            history.add(process, { kind: 'trim', topic })
            return (inner.trim as (topic: string, before: number) => Promise<number>)(topic, before)
          },
        }),
  })
}
