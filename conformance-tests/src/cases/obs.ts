import { type Broker, type BrokerEvents, DEAD_REASONS, type Outcome, reject, release, retry } from '@pluribus/core'
import { defineCases } from '../case/case.js'
import { equal } from '../case/expect.js'
import { upTo } from '../case/up-to.js'

const COUNTED = [
  'message.published',
  'delivery.started',
  'delivery.acked',
  'delivery.retried',
  'delivery.dead',
] as const satisfies readonly (keyof BrokerEvents)[]

const TOLD = [
  'delivery.started',
  'delivery.acked',
  'delivery.retried',
  'delivery.dead',
  'delivery.released',
] as const satisfies readonly (keyof BrokerEvents)[]

type Counts = Record<(typeof COUNTED)[number], number>

function countEvents(broker: Broker): Counts {
  const counts = Object.fromEntries(COUNTED.map(name => [name, 0])) as Counts
  for (const name of COUNTED) {
    broker.on(name, () => {
      counts[name]++
    })
  }
  return counts
}

/** What observers are told. */
export const OBS = defineCases(
  {
    id: 'OBS-04',
    title: 'events tell what has happened, once each',
    promise: 'What observers count of publishes, runs, acks, retries and deaths is what the history shows.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const counts = countEvents(broker)
      const billing = orders.subscription('billing', { retry: { attempts: 2, delays: [] } })
      const seen = await it.collect(
        broker,
        billing,
        ({ data }, { attempt }) => {
          if (data.n % 10 === 0 || (data.n % 5 === 0 && attempt === 1)) throw new Error('not this time')
        },
        { concurrency: 3 },
      )
      const count = it.size(60)
      await broker.publishMany(
        orders,
        upTo(count).map(n => ({ data: { n } })),
      )
      const within = 3 * it.timing.arrive
      await it.until(() => seen.acked.length + seen.dead.length === count, { within, what: 'each to be acked or dead' })
      const settled = (as: string) =>
        it.history.events.filter(event => event.kind === 'settled' && event.as === as && event.result === 'done').length
      const expected: Counts = {
        'message.published': count,
        'delivery.started': seen.runs.length,
        'delivery.acked': settled('ack'),
        'delivery.retried': settled('retry'),
        'delivery.dead': settled('reject'),
      }
      equal(counts, expected, 'how often each event was told')
      equal(counts['delivery.dead'], Math.floor(count / 10), 'the deaths')
    },
  },
  {
    id: 'OBS-05',
    title: 'an event says which delivery it is about, and what became of it',
    promise:
      'Events of deliveries name topic, subscription, id, key and attempt; a retry its delay and error, a death its reason and last error.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const told: string[] = []
      const wrong: unknown[] = []
      const key = it.capabilities.keys === 'none' ? undefined : 'one'
      for (const name of TOLD) {
        broker.on(name, event => {
          if (event.topic !== orders.name || event.subscription !== 'billing' || event.key !== key) wrong.push(event)
          const of = ids.indexOf(event.id) + 1
          const more = 'reason' in event ? [event.reason] : 'delay' in event ? [event.delay] : []
          const errors = 'error' in event ? [event.error?.message ?? 'no error'] : []
          told.push([of, name.slice('delivery.'.length), event.attempt, ...more, ...errors].join(' '))
        })
      }
      const billing = orders.subscription('billing', { retry: { attempts: 2, delays: [] } })
      const ids = await it.publish(orders, 4, () => (key === undefined ? {} : { key }))
      let releases = 1
      const behaviours: readonly ((attempt: number) => undefined | Outcome)[] = [
        attempt => {
          throw new Error(`failure ${attempt}`)
        },
        attempt => (attempt === 1 ? retry() : undefined),
        () => reject('NOT_OURS'),
        () => (releases-- > 0 ? release() : undefined),
      ]
      const seen = await it.collect(broker, billing, ({ data }, { attempt }) => behaviours[data.n - 1]?.(attempt))
      const ended = () => seen.acked.length === 2 && seen.dead.length === 2
      await it.until(ended, { within: 3 * it.timing.arrive, what: 'two to be acked and two to be dead' })
      const expected = [
        ['1 started 1', '1 retried 1 0 failure 1', '1 started 2', `1 dead 2 ${DEAD_REASONS.EXHAUSTED} failure 2`],
        ['2 started 1', '2 retried 1 0 The handler asked for a retry: RETRY', '2 started 2', '2 acked 2'],
        ['3 started 1', '3 dead 1 NOT_OURS no error'],
        ['4 started 1', '4 released 1', '4 started 1', '4 acked 1'],
      ]
      // A failure may be told when the next run has begun already.
      const toldOf = (n: number) => told.filter(line => line.startsWith(`${n} `)).toSorted()
      equal(
        [1, 2, 3, 4].map(toldOf),
        expected.map(lines => lines.toSorted()),
        'what was told of each message',
      )
      equal(wrong, [], 'events of another topic, subscription or key')
    },
  },
)
