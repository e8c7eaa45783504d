import type { Broker, BrokerEvents } from '@pluribus/core'
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
export const OBS = defineCases({
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
})
