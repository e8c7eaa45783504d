import { type Adapter, NO_EXCEPTIONS, NOTHING_PULLED, type SettleException, type Source } from '@pluribus/core/driver'
import { adapterLike, connectionLike, decorate, persistenceLike } from '../history/decorate.js'
import { mapOpened } from './map-subscriptions.js'
import { defineSaboteurs } from './saboteur.js'

/** What goes wrong when connections and sources are over. */
export const GENERATIONS = defineSaboteurs(
  {
    name: 'settles-of-the-dead-are-swallowed',
    of: 'memory',
    breaks: 'A settle on a source that was closed is answered as done.',
    caughtBy: 'GEN-01',
    says: /an ack on a source that is closed was answered as done/,
    adapter: inner =>
      decorate(inner, { source: source => ({ settle: settled => source.settle(settled).catch(() => NO_EXCEPTIONS) }) }),
  },
  {
    name: 'one-stale-spoils-the-batch',
    of: 'memory',
    breaks: 'Where one settlement of a batch is stale, all of them are reported as such.',
    caughtBy: 'GEN-03',
    says: /the exceptions of a batch in which one is stale/,
    adapter: inner => decorate(inner, { source: spoiling }),
  },
  {
    name: 'a-second-source-gets-nothing',
    of: 'memory',
    breaks: 'The source that replaces one which has ended finds nothing for ever.',
    caughtBy: 'GEN-05',
    says: /all three to be acked/,
    adapter(inner) {
      let opened = 0
      return decorate(inner, { source: () => (++opened > 1 ? { pull: async () => NOTHING_PULLED } : {}) })
    },
  },
  {
    name: 'late-opens-are-let-in',
    of: 'memory',
    breaks: 'An open that comes after that of a later generation is answered like one that replaces nobody.',
    caughtBy: 'GEN-08',
    says: /opening generation 2 after generation 3/,
    adapter: inner =>
      decorate(inner, {
        subscriber: subscriber => ({
          open: (spec, options, events) =>
            subscriber.open(spec, options, events).catch(() => {
              const { lease, window } = options
              return subscriber.open(spec, { lease, window }, events)
            }),
        }),
      }),
  },
  {
    name: 'one-process-is-one-consumer',
    of: 'memory',
    breaks: 'What a process held goes over to whatever it opens next, another consumer too.',
    caughtBy: 'GEN-12',
    says: /what the other consumer took over/,
    adapter(inner) {
      let generation = 0
      return mapOpened(inner, options => ({ ...options, consumer: { id: 1, generation: ++generation } }))
    },
  },
  {
    name: 'connections-leave-a-timer',
    of: 'memory',
    breaks: 'A connection that is closed before it was used leaves its heartbeat behind.',
    caughtBy: 'OPN-05',
    says: /timers are left/,
    adapter: inner => adapterLike(inner, { connect: beating(inner) }),
  },
)

function spoiling(source: Source): Partial<Source> {
  return {
    async settle(settled) {
      const exceptions = await source.settle(settled)
      if (exceptions.length === 0) return exceptions
      const tokens = [...settled.acks, ...settled.others.map(({ token }) => token)]
      return tokens.map((token): SettleException => ({ token, kind: 'stale' }))
    },
  }
}

/** Connects with a heartbeat that only a connection which has been asked for something takes with it. */
const beating =
  (inner: Adapter): Adapter['connect'] =>
  async (environment, events) => {
    const { timers } = environment
    let timer: unknown
    let isUsed = false
    const beat = () => {
      timer = timers.setTimeout(beat, 1_000)
    }
    beat()
    const connection = await inner.connect(environment, events)
    return connectionLike(connection, {
      declare(topics, subscriptions) {
        isUsed = true
        return connection.declare(topics, subscriptions)
      },
      persistence: persistenceLike(connection.persistence, {
        subscriptions(topic) {
          isUsed = true
          return connection.persistence.subscriptions(topic)
        },
      }),
      async close() {
        if (isUsed) timers.clearTimeout(timer)
        await connection.close()
      },
    })
  }
