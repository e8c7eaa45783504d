import { type Broker, createBroker, PluribusError } from '@pluribus/core'
import { unreliable } from '@pluribus/core/testing'
import { adapterOf } from '../case/adapter-of.js'
import { defineCases } from '../case/case.js'
import type { Collector } from '../case/collector.js'
import { between, check, equal } from '../case/expect.js'
import { untilAcked } from '../case/until-acked.js'

/** Opening, and what a broker is while it is open. */
export const LIF = defineCases(
  {
    id: 'LIF-01',
    title: 'two brokers are independent',
    promise: 'Closing one broker leaves another one of the same process and store as it was.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const [first, second] = [await it.open(), await it.open()]
      await it.collect(first, orders.subscription('first'))
      const seen = await it.collect(second, orders.subscription('second'))
      await first.close()
      const { id } = await second.publish(orders, { n: 1 })
      await it.until(() => seen.acked.length === 1, { what: 'the broker that is still open to ack a message' })
      equal(seen.acked, [id], 'what the other broker acked')
    },
  },
  {
    id: 'LIF-03',
    title: 'a broker that cannot be reached is told in time',
    promise:
      'Where nobody answers, opening fails with UNAVAILABLE when its time is over, and works as soon as somebody does.',
    profile: 'core',
    budget: ({ lease }) => 4 * lease,
    async run(it) {
      const { lease, arrive } = it.timing
      const options = await it.brokerOptions()
      const adapter = unreliable(adapterOf(options))
      const opening = { ...options, adapter, connectTimeout: lease }
      for (const breaks of ['refuse', 'hangConnects'] as const) {
        adapter[breaks]()
        const asked = it.clock.monotonic()
        const error = await it.rejects('UNAVAILABLE', () => createBroker(opening))
        between(it.clock.monotonic() - asked, 0, lease + arrive, `milliseconds until opening failed (${breaks})`)
        check(error.message.includes(it.adapter), `the error does not name the adapter ${it.adapter}: ${error.message}`)
        adapter.accept()
      }
      const broker = await createBroker(opening)
      await broker.publish(it.topic(), { n: 1 })
      await broker.close()
    },
  },
  {
    id: 'LIF-04',
    title: 'refused credentials are told at once',
    promise: 'Where the broker refuses the credentials, opening fails at the first attempt.',
    profile: 'full',
    async run(it) {
      const options = await it.brokerOptions()
      const adapter = unreliable(adapterOf(options))
      adapter.refuse(new PluribusError('UNAUTHORIZED', 'Wrong password.'))
      await it.rejects('UNAUTHORIZED', () => createBroker({ ...options, adapter }))
      equal(adapter.connects, 1, 'attempts to connect')
    },
  },
  {
    id: 'LIF-12',
    title: 'opening and closing leaves nothing behind',
    promise:
      'After many brokers have been opened, used and closed, this process holds no more sockets, files and timers.',
    profile: 'full',
    exclusive: true,
    budget: ({ arrive }) => 10 * arrive,
    async run(it) {
      const orders = it.topic()
      const cycle = async () => {
        const broker = await it.open()
        const seen = await it.collect(broker, orders.subscription('billing'))
        const before = seen.acked.length
        await broker.publish(orders, { n: 1 })
        await it.until(() => seen.acked.length > before, { what: 'a message to be acked' })
        await broker.close()
      }
      // The first one may load what stays: a pool of threads, a module.
      await cycle()
      const before = process.getActiveResourcesInfo().length
      const cycles = it.size(50)
      for (let done = 0; done < cycles; done++) await cycle()
      // The runner has some that come and go; what is left by each broker is more than that.
      await it.until(() => process.getActiveResourcesInfo().length < before + cycles / 5, {
        what: `about the ${before} resources that the process held before ${cycles} brokers came and went`,
      })
    },
  },
  {
    id: 'LIF-13',
    title: 'two brokers of one name do not disturb each other',
    promise: 'Brokers with the same source, and consumers of the same subscription, stay connected beside each other.',
    profile: 'full',
    budget: ({ quiet }) => quiet,
    async run(it) {
      const brokers = [await it.open({ source: 'twin' }), await it.open({ source: 'twin' })]
      const orders = it.topic()
      const down: string[] = []
      const own: Collector[] = []
      for (const [index, broker] of brokers.entries()) {
        broker.on('connection.down', ({ error }) => down.push(error.message))
        broker.on('consumer.down', ({ error }) => down.push(error.message))
        await it.collect(broker, orders.subscription('shared'))
        own.push(await it.collect(broker, orders.subscription(`own-${index}`)))
      }
      const ids = await it.publish(orders, 10)
      await it.until(() => own.every(({ acked }) => acked.length === ids.length), {
        what: 'both to ack everything in the subscriptions of their own',
      })
      await it.elapse(it.timing.quiet)
      equal(down, [], 'what has been lost although nothing was broken')
    },
  },
  {
    id: 'LIF-15',
    title: 'a subscription that has been made is effective',
    promise:
      'What is published by anybody after subscribe() has resolved is delivered, also to a subscription from latest.',
    profile: 'core',
    proves: ['from:latest'],
    budget: ({ arrive }) => 10 * arrive,
    async run(it) {
      const from = it.capabilities.from.includes('latest') ? 'latest' : 'earliest'
      const [publisher, consumer] = [await it.open(), await it.open()]
      const rounds = it.size(30)
      const orders = it.topic()
      await publisher.publish(orders, { n: 0 })
      const expected: string[] = []
      const seen: Collector[] = []
      for (let round = 1; round <= rounds; round++) {
        const late = await it.collect(consumer, orders.subscription(`late-${round}`, { from }))
        const { id } = await publisher.publish(orders, { n: round })
        expected.push(id)
        seen.push(late)
        await it.until(() => late.acked.includes(id), {
          what: `what was published right after subscribing to come, in round ${round} of ${rounds}`,
        })
        await late.close()
      }
      if (from === 'earliest') return
      equal(
        seen.map(({ ids }) => ids),
        expected.map(id => [id]),
        'what came in each round',
      )
    },
  },
  {
    id: 'LIF-16',
    title: 'nothing is opened that is not used',
    promise: 'A broker that only publishes opens no source; one that only consumes publishes nothing.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const [publisher, consumer] = [await it.open(), await it.open()]
      const seen = await it.collect(consumer, orders.subscription('billing'))
      await publisher.publish(orders, { n: 1 })
      await untilAcked(it, 1, seen)
      const publishers = new Set(
        it.history.events.filter(({ kind }) => kind === 'publish').map(({ process }) => process),
      )
      const consumers = new Set(it.history.events.filter(({ kind }) => kind === 'open').map(({ process }) => process))
      equal([publishers.size, consumers.size], [1, 1], 'how many processes publish, and how many have opened sources')
      check(![...publishers].some(process => consumers.has(process)), 'one process has published and opened a source')
    },
  },
  {
    id: 'LIF-17',
    title: 'the connection goes up and down by turns',
    promise:
      'Events say that the connection is up, then down, then up again, with growing numbers, and nothing once it is closed.',
    profile: 'full',
    budget: ({ recover }) => 3 * recover,
    async run(it) {
      const [broker, adapter] = await it.openBreakable()
      const events: string[] = []
      watch(broker, events)
      for (const generation of [2, 3]) {
        adapter.cut()
        await it.until(() => events.includes(`up ${generation}`), {
          within: it.timing.recover,
          what: `generation ${generation} of the connection`,
        })
      }
      equal(events, ['down 1', 'up 2', 'down 2', 'up 3'], 'the events of the connection')
      await broker.close()
      await it.elapse(it.timing.quiet)
      equal(events.length, 4, 'how many events there are once it is closed')
    },
  },
)

function watch(broker: Broker, events: string[]): void {
  broker.on('connection.up', ({ generation }) => events.push(`up ${generation}`))
  broker.on('connection.down', ({ generation }) => events.push(`down ${generation}`))
}
