import { type Environment, NOTHING_PULLED } from '@pluribus/core/driver'
import { adapterLike, decorate, sourceLike } from '../history/decorate.js'
import { ackingAtOnce, handingOut } from './handing-out.js'
import { LAG } from './lag.js'
import { ackingInstead } from './map-settlements.js'
import { mapOpened } from './map-subscriptions.js'
import { defineSaboteurs } from './saboteur.js'

/** What goes wrong when processes die and links break. */
export const OUTAGES = defineSaboteurs(
  {
    name: 'hands-out-for-good',
    of: 'memory',
    breaks: 'What is handed out is acked there and then, and what the handler says is not listened to.',
    caughtBy: 'CRS-01',
    says: /all twenty to be acked by another process/,
    adapter: inner => decorate(inner, { source: ackingAtOnce }),
  },
  {
    name: 'the-dead-keep-what-they-have-fetched',
    of: 'tcp',
    breaks: 'The leases of a process go on for long after it has died.',
    caughtBy: 'CRS-12',
    says: /all \d+ messages to be run/,
    adapter: inner => mapOpened(inner, options => ({ ...options, lease: 1_000 * options.lease })),
  },
  {
    name: 'a-late-history-is-over',
    of: 'tcp',
    breaks: 'When the next stored message does not come soon, there is none.',
    caughtBy: 'NET-18',
    says: /what was read over a link that is slow/,
    adapter: inner =>
      decorate(inner, {
        persistence: (persistence, environment) => ({
          history: (topic, range) => impatiently(persistence.history(topic, range), environment),
        }),
      }),
  },
  {
    name: 'consumes-only-on-the-first-connection',
    of: 'memory',
    breaks: 'After a reconnection it is connected, and consumes nothing.',
    caughtBy: 'NET-01',
    says: /the message of round 2 to be acked/,
    adapter(inner) {
      let connects = 0
      const counted = adapterLike(inner, {
        connect(environment, events) {
          connects++
          return inner.connect(environment, events)
        },
      })
      return decorate(counted, { source: () => (connects > 1 ? { pull: async () => NOTHING_PULLED } : {}) })
    },
  },
  {
    name: 'a-deleted-subscription-is-not-told',
    of: 'memory',
    breaks: 'The source of a subscription that was deleted lives on, and finds nothing.',
    caughtBy: 'RST-06',
    says: /the consumer to notice, and to be back/,
    adapter: inner =>
      decorate(inner, {
        subscriber: subscriber => ({
          async open(spec, options, events) {
            let isOver = false
            const source = await subscriber.open(spec, options, {
              ...events,
              ended() {
                isOver = true
              },
            })
            return sourceLike(source, { pull: async max => (isOver ? NOTHING_PULLED : source.pull(max)) })
          },
        }),
      }),
  },
  {
    name: 'a-payload-that-is-no-json-breaks-the-pull',
    of: 'memory',
    breaks: 'The adapter reads payloads, and a pull with one that it cannot read fails.',
    caughtBy: 'PSN-05',
    says: /three dead, one acked/,
    adapter: inner =>
      decorate(inner, {
        source: source =>
          handingOut(source, deliveries => {
            for (const { message } of deliveries) JSON.parse(Buffer.from(message.payload as string).toString())
            return deliveries
          }),
      }),
  },
  {
    name: 'the-dead-are-forgotten',
    of: 'memory',
    breaks: 'A message whose attempts are used up is acked instead of dead-lettered.',
    caughtBy: 'PSN-01',
    says: /id, reason and number of errors of the dead letters/,
    adapter: inner => ackingInstead(inner, ({ kind }) => kind === 'reject'),
  },
)

/** What comes as long as it comes soon. */
async function* impatiently<T>(items: AsyncIterable<T>, { timers }: Environment): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]()
  for (;;) {
    let timer: unknown
    const late = new Promise<undefined>(resolve => {
      timer = timers.setTimeout(() => resolve(undefined), LAG)
    })
    const step = await Promise.race([iterator.next(), late])
    timers.clearTimeout(timer)
    if (step === undefined || step.done === true) return
    yield step.value
  }
}
