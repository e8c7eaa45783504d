import type { Delivery, Persistence, Settlement, Source, StoredDeadLetter } from '@pluribus/core/driver'
import { decorate, sourceLike } from '../history/decorate.js'
import { handingOut } from './handing-out.js'
import { heldBack } from './held-back.js'
import { holding } from './holding.js'
import { LAG } from './lag.js'
import { ackingInstead } from './map-settlements.js'
import { messageLike } from './message-like.js'
import { defineSaboteurs } from './saboteur.js'

/** What a broken adapter has room for, in characters. */
const ROOM = 1_000
/** How many dead letters a broken adapter lists. */
const PAGE = 100

/** What goes wrong when messages die. */
export const DYING = defineSaboteurs(
  {
    name: 'dead-letter-stays-in-the-subscription',
    of: 'memory',
    breaks: 'A dead letter is written, and its message is tried again all the same.',
    caughtBy: 'DLQ-01',
    says: /nothing more was due/,
    adapter(inner) {
      const letters: StoredDeadLetter[] = []
      return decorate(inner, {
        source: source => undying(source, letters),
        persistence: () => ({ deadLetters: () => iterate(letters) }),
      })
    },
  },
  {
    name: 'dead-letters-are-text',
    of: 'memory',
    breaks: 'The payload of a dead letter is kept as UTF-8 text.',
    caughtBy: 'DLQ-02',
    says: /whether the payload is the one published/,
    adapter: inner =>
      mapLetters(inner, letter => {
        const { payload } = letter.message
        if (typeof payload === 'string') return letter
        const text = new TextEncoder().encode(new TextDecoder().decode(payload))
        return { ...letter, message: messageLike(letter.message, { payload: text }) }
      }),
  },
  {
    name: 'only-the-last-error-is-kept',
    of: 'memory',
    breaks: 'A dead letter has the error of its last run alone.',
    caughtBy: 'DLQ-03',
    says: /name, message, code and attempt of the errors/,
    adapter: inner => mapLetters(inner, letter => ({ ...letter, errors: letter.errors.slice(-1) })),
  },
  {
    name: 'no-room-for-long-errors',
    of: 'memory',
    breaks: 'A dead letter whose errors are longer than a header may be is refused, again and again.',
    caughtBy: 'DLQ-04',
    says: /the message to be dead/,
    adapter: inner =>
      decorate(inner, {
        source: source => ({
          async settle({ acks, others }) {
            const fits = (other: Settlement) => other.kind !== 'reject' || JSON.stringify(other.errors).length <= ROOM
            const exceptions = await source.settle({ acks, others: others.filter(fits) })
            const refused = others.filter(other => !fits(other))
            const error = new Error('The header is too long.')
            return [...exceptions, ...refused.map(({ token }) => ({ token, kind: 'failed' as const, error }))]
          },
        }),
      }),
  },
  {
    name: 'dead-letters-are-not-written',
    of: 'memory',
    breaks: 'A message whose dead letter cannot be stored is acked, and nobody is told.',
    caughtBy: 'DLQ-05',
    says: /the dead letters|there is no dead letter of it/,
    adapter: inner => ackingInstead(inner, ({ kind }) => kind === 'reject'),
  },
  {
    name: 'deaths-are-stored-a-little-later',
    of: 'memory',
    breaks: 'A death is confirmed before its dead letter is stored: between the two it can be lost.',
    caughtBy: 'DLQ-06',
    says: /the dead letters where, as they are stored, it dies-amid: missing/,
    adapter: inner => heldBack(inner, other => (other.kind === 'reject' ? LAG : undefined)),
  },
  {
    name: 'dead-letters-of-the-whole-topic',
    of: 'memory',
    breaks: 'The dead letters of a subscription are those of all subscriptions of its topic.',
    caughtBy: 'DLQ-08',
    says: /how many dead letters the other subscription has/,
    adapter: inner => decorate(inner, { persistence: persistence => ({ deadLetters: ofAll(persistence) }) }),
  },
  {
    name: 'retention-takes-dead-letters',
    of: 'memory',
    breaks: "A dead letter is gone when it is older than its topic's retention.",
    caughtBy: 'DLQ-21',
    says: /id and data of the dead letter after the retention/,
    adapter: inner =>
      decorate(inner, {
        persistence: (persistence, { clock }) => ({
          async *deadLetters(query) {
            const topics = await persistence.topics()
            const age = topics.find(({ name }) => name === query.subscription.topic)?.retention.age ?? Number.MAX_VALUE
            for await (const letter of persistence.deadLetters(query)) {
              if (clock.now() - letter.time < age) yield letter
            }
          },
        }),
      }),
  },
  {
    name: 'a-death-keeps-its-key',
    of: 'memory',
    breaks: 'A key whose message has died stays closed.',
    caughtBy: 'DLQ-17',
    says: /one message to be dead and two behind it to be acked/,
    adapter: inner => decorate(inner, { source: closingKeys }),
  },
  {
    name: 'lists-one-page-of-dead-letters',
    of: 'memory',
    breaks: `Of the dead letters the first ${PAGE} are listed.`,
    caughtBy: 'DLQ-18',
    says: /the dead letters: missing/,
    adapter: inner =>
      decorate(inner, {
        persistence: persistence => ({
          deadLetters: query => persistence.deadLetters({ ...query, limit: Math.min(PAGE, query.limit ?? PAGE) }),
        }),
      }),
  },
)

async function* iterate<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items
}

const mapLetters = (inner: Parameters<typeof decorate>[0], change: (letter: StoredDeadLetter) => StoredDeadLetter) =>
  decorate(inner, {
    persistence: persistence => ({
      async *deadLetters(query) {
        for await (const letter of persistence.deadLetters(query)) yield change(letter)
      },
    }),
  })

function undying(inner: Source, letters: StoredDeadLetter[]): Source {
  const { held, source } = holding(inner)
  return sourceLike(source, {
    settle({ acks, others }) {
      const living = others.map((other): Settlement => {
        const delivery = held.get(other.token)
        if (other.kind !== 'reject' || delivery === undefined) return other
        const { message, losses } = delivery
        const { reason, errors, attempts } = other
        const first = { name: 'Error', message: 'always', attempt: 1, time: 0 }
        const subscription = { topic: message.topic, name: 'billing' }
        letters.push({ message, subscription, reason, errors: [first, ...errors], attempts, losses, time: 0 })
        return { kind: 'retry', token: other.token, delay: LAG, error: errors[0] ?? first }
      })
      return source.settle({ acks, others: living })
    },
  })
}

const ofAll = (persistence: Persistence): Persistence['deadLetters'] =>
  async function* all(query) {
    for (const { topic, name } of await persistence.subscriptions(query.subscription.topic)) {
      yield* persistence.deadLetters({ ...query, subscription: { topic, name } })
    }
  }

function closingKeys(inner: Source): Source {
  const { held, source } = holding(inner)
  const closed = new Set<string>()
  const isOpen = ({ message: { key } }: Delivery) => key === undefined || !closed.has(key)
  return sourceLike(source, {
    ...handingOut(source, deliveries => deliveries.filter(isOpen)),
    settle(settled) {
      for (const { kind, token } of settled.others) {
        const key = held.get(token)?.message.key
        if (kind === 'reject' && key !== undefined) closed.add(key)
      }
      return source.settle(settled)
    },
  })
}
