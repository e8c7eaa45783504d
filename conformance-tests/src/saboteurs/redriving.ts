import type {
  Adapter,
  Connection,
  DeadLetterQuery,
  Environment,
  OutgoingMessage,
  Persistence,
  RedriveResult,
  StoredMessage,
} from '@pluribus/core/driver'
import { all } from '../case/all.js'
import { decorate } from '../history/decorate.js'
import { mapDeliveries } from './map-deliveries.js'
import { messageLike } from './message-like.js'
import { defineSaboteurs } from './saboteur.js'

/** Between taking a dead letter out and storing its message again, in milliseconds: long enough to die in between. */
const PAUSE = 5_000

/** What goes wrong when dead letters are looked at, put back and thrown away. */
export const REDRIVING = defineSaboteurs(
  {
    name: 'looking-takes-away',
    of: 'memory',
    breaks: 'A dead letter that has been read is gone.',
    caughtBy: 'DLQ-11',
    says: /the dead letters as another process reads them/,
    adapter: inner =>
      decorate(inner, {
        persistence: persistence => ({
          async *deadLetters(query) {
            for await (const letter of persistence.deadLetters(query)) {
              yield letter
              await persistence.discard({ subscription: query.subscription, ids: [letter.message.id] })
            }
          },
        }),
      }),
  },
  {
    name: 'redrives-everything',
    of: 'memory',
    breaks: 'A redrive takes no notice of ids and limit.',
    caughtBy: 'DLQ-12',
    says: /the result of redriving/,
    adapter: inner =>
      decorate(inner, {
        persistence: persistence => ({ redrive: ({ subscription }) => persistence.redrive({ subscription }) }),
      }),
  },
  {
    name: 'redrive-publishes-anew',
    of: 'memory',
    breaks: 'A dead letter is put back by publishing it to its topic, where all subscriptions see it.',
    caughtBy: 'DLQ-12',
    says: /runs there were in the other subscription/,
    adapter: inner => republishing(inner, async () => {}),
  },
  {
    name: 'redriven-messages-keep-their-attempts',
    of: 'memory',
    breaks: 'A redriven message goes on counting where it died.',
    caughtBy: 'DLQ-13',
    says: /id, attempt and losses of the runs before and after the redrive/,
    adapter: remembering,
  },
  {
    name: 'redrive-takes-out-before-it-puts-back',
    of: 'memory',
    breaks: 'A redrive deletes the dead letters first, and stores them as messages a little later.',
    caughtBy: 'DLQ-14',
    says: /messages to be acked where, in a redrive, it dies-after/,
    adapter: inner =>
      republishing(inner, ({ timers }) => new Promise<void>(resolve => void timers.setTimeout(resolve, PAUSE))),
  },
  {
    name: 'nothing-is-ever-missing',
    of: 'memory',
    breaks: 'A redrive does not tell which ids were not dead.',
    caughtBy: 'DLQ-15',
    says: /what is reported as missing/,
    adapter: inner =>
      redriving(inner, async (persistence, query) => ({ ...(await persistence.redrive(query)), missing: [] })),
  },
  {
    name: 'redrives-backwards',
    of: 'memory',
    breaks: 'Redriven messages come back in the reverse of their order.',
    caughtBy: 'DLQ-16',
    says: /the order: what waited, then what was redriven/,
    adapter: inner =>
      redriving(inner, async (persistence, query) => {
        const letters = await all(persistence.deadLetters(query))
        for (const { message } of [...letters].reverse()) await persistence.redrive({ ...query, ids: [message.id] })
        return { redriven: letters.length, missing: [] }
      }),
  },
  {
    name: 'redrives-as-published',
    of: 'memory',
    breaks: 'Redriven messages come back in the order of their publishing, whichever died first.',
    caughtBy: 'DLQ-16',
    says: /the order: what waited, then what was redriven/,
    adapter: inner =>
      redriving(inner, async (persistence, query) => {
        const chosen = new Set((await all(persistence.deadLetters(query))).map(({ message }) => message.id))
        let redriven = 0
        for await (const { id } of persistence.history(query.subscription.topic, { from: 'earliest' })) {
          if (chosen.has(id)) redriven += (await persistence.redrive({ ...query, ids: [id] })).redriven
        }
        return { redriven, missing: query.ids?.filter(id => !chosen.has(id)) ?? [] }
      }),
  },
  {
    name: 'discarding-hides',
    of: 'memory',
    breaks: 'What is discarded is counted, and stays.',
    caughtBy: 'DLQ-19',
    says: /the dead letters after one was discarded/,
    adapter: inner =>
      decorate(inner, {
        persistence: persistence => ({ discard: async query => (await all(persistence.deadLetters(query))).length }),
      }),
  },
  {
    name: 'counts-what-others-have-redriven',
    of: 'memory',
    breaks: 'A redrive answers how many dead letters it has seen, whoever has moved them.',
    caughtBy: 'DLQ-20',
    says: /how many the redrives say that they have moved/,
    adapter: inner =>
      redriving(inner, async (persistence, query) => {
        const { length } = await all(persistence.deadLetters(query))
        return { ...(await persistence.redrive(query)), redriven: length }
      }),
  },
)

const redriving = (
  inner: Adapter,
  redrive: (persistence: Persistence, query: DeadLetterQuery) => Promise<RedriveResult>,
): Adapter => decorate(inner, { persistence: persistence => ({ redrive: query => redrive(persistence, query) }) })

/** Deletes what it redrives, pauses, and publishes it again, unless its connection has been closed by then. */
function republishing(inner: Adapter, pause: (environment: Environment) => Promise<void>): Adapter {
  const connections = new Map<Persistence, Connection>()
  return decorate(inner, {
    connection: connection => {
      const { persistence } = connection
      connections.set(persistence, connection)
      return {
        close() {
          connections.delete(persistence)
          return connection.close()
        },
      }
    },
    persistence: (persistence, environment) => ({
      async redrive(query) {
        const letters = await all(persistence.deadLetters(query))
        await persistence.discard({ ...query, ids: letters.map(({ message }) => message.id) })
        await pause(environment)
        await connections.get(persistence)?.publisher.publish(letters.map(({ message }) => anew(message)))
        return { redriven: letters.length, missing: [] }
      },
    }),
  })
}

const anew = (message: StoredMessage): OutgoingMessage => ({
  ...messageLike(message),
  ...{ idSupplied: false, size: message.payload.length, delay: 0 },
})

/** How often each message had failed when it was put back. */
const lives = new Map<string, number>()

function remembering(inner: Adapter): Adapter {
  const counted = redriving(inner, async (persistence, query) => {
    for await (const { message, attempts } of persistence.deadLetters(query)) lives.set(message.id, attempts)
    return persistence.redrive(query)
  })
  return mapDeliveries(counted, delivery => ({
    ...delivery,
    attempt: delivery.attempt + (lives.get(delivery.message.id) ?? 0),
  }))
}
