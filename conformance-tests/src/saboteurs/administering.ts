import { isPluribusError } from '@pluribus/core/driver'
import { decorate } from '../history/decorate.js'
import { defineSaboteurs } from './saboteur.js'

/** How many characters of a subscription's name are kept. */
const KEPT = 40

/** What goes wrong when somebody looks in from outside. */
export const ADMINISTERING = defineSaboteurs(
  {
    name: 'retries-count-as-waiting',
    of: 'memory',
    breaks: 'Messages that wait for their next attempt are counted with those that wait for a consumer.',
    caughtBy: 'ADM-01',
    says: /the counts after a retry/,
    adapter: inner =>
      decorate(inner, {
        persistence: persistence => ({
          async counts(name) {
            const counts = await persistence.counts(name)
            return { ...counts, waiting: (counts.waiting ?? 0) + (counts.retrying ?? 0), retrying: 0 }
          },
        }),
      }),
  },
  {
    name: 'conflicts-are-swallowed',
    of: 'memory',
    breaks: 'A declaration that contradicts what is stored is answered as done.',
    caughtBy: 'ADM-02',
    says: /should have been rejected with CONFLICT; it resolved/,
    adapter: inner =>
      decorate(inner, {
        connection: connection => ({
          declare: (topics, subscriptions) =>
            connection.declare(topics, subscriptions).catch((error: unknown) => {
              if (isPluribusError(error, 'CONFLICT')) return []
              throw error
            }),
        }),
      }),
  },
  {
    name: 'removing-removes-all',
    of: 'memory',
    breaks: 'Removing a subscription removes every subscription of its topic.',
    caughtBy: 'ADM-03',
    says: /the subscriptions that are left/,
    adapter: inner =>
      decorate(inner, {
        connection: ({ subscriber, persistence }) => ({
          subscriber: {
            open: (spec, options, events) => subscriber.open(spec, options, events),
            async remove({ topic }) {
              for (const { name } of await persistence.subscriptions(topic)) await subscriber.remove({ topic, name })
            },
          },
        }),
      }),
  },
  {
    name: 'settings-are-not-stored',
    of: 'memory',
    breaks: 'Subscriptions are listed with settings that nobody has declared.',
    caughtBy: 'ADM-05',
    says: /the subscriptions of/,
    adapter: inner =>
      decorate(inner, {
        persistence: persistence => ({
          subscriptions: async topic =>
            (await persistence.subscriptions(topic)).map(spec => ({ ...spec, grace: 1, timeout: 1 })),
        }),
      }),
  },
  {
    name: 'unknown-topics-are-empty',
    of: 'memory',
    breaks: 'A topic that is not there is answered as one without subscriptions.',
    caughtBy: 'ADM-05',
    says: /NOT_FOUND/,
    adapter: inner =>
      decorate(inner, {
        persistence: persistence => ({
          subscriptions: async topic =>
            (await persistence.subscriptions()).filter(spec => topic === undefined || spec.topic === topic),
        }),
      }),
  },
  {
    name: 'long-names-are-cut',
    of: 'memory',
    breaks: `Of a subscription's name ${KEPT} characters are stored.`,
    caughtBy: 'ADM-06',
    says: /the subscriptions of the longest topic/,
    adapter(inner) {
      const cut = <S extends { readonly name: string }>(spec: S): S => ({ ...spec, name: spec.name.slice(0, KEPT) })
      return decorate(inner, {
        connection: connection => ({ declare: (topics, specs) => connection.declare(topics, specs.map(cut)) }),
        subscriber: subscriber => ({
          open: (spec, options, events) => subscriber.open(cut(spec), options, events),
          remove: name => subscriber.remove(cut(name)),
        }),
        persistence: persistence => ({ counts: name => persistence.counts(cut(name)) }),
      })
    },
  },
  {
    name: 'looking-at-dead-letters-takes-them',
    of: 'memory',
    breaks: 'A dead letter that has been looked at is gone.',
    caughtBy: 'ADM-07',
    says: /the dead letters that are left/,
    adapter: inner =>
      decorate(inner, {
        persistence: persistence => ({
          async *deadLetters(query) {
            yield* persistence.deadLetters(query)
            await persistence.discard(query)
          },
        }),
      }),
  },
)
