import { type BrokerOptions, createBroker } from '@pluribus/core'
import { InjectedFault, type UnreliableAdapter, unreliable } from '@pluribus/core/testing'
import { defineCases } from '../case/case.js'
import type { CaseContext } from '../case/context.js'
import { between, check, equal, lasted } from '../case/expect.js'

/** Opening a broker. */
export const OPN = defineCases(
  {
    id: 'OPN-01',
    title: 'a broker that refuses is given up after connectTimeout, with its reason',
    promise:
      'createBroker rejects when connectTimeout is over, as UNAVAILABLE, with what the broker said; nothing goes on.',
    profile: 'core',
    guarantees: [14],
    budget: ({ delay, arrive }) => 4 * delay + arrive,
    async run(it) {
      const [options, adapter] = await unopened(it)
      adapter.refuse(new InjectedFault('refused by 192.0.2.7'))
      const start = it.clock.monotonic()
      const error = await it.rejects('UNAVAILABLE', () => createBroker(options))
      lasted(it.clock.monotonic() - start, 2 * it.timing.delay, 2 * it.timing.delay + it.timing.arrive, 'milliseconds')
      equal(error.retryable, true, 'whether trying again may help')
      check(error.message.includes('refused by 192.0.2.7'), `the reason is not in the message: ${error.message}`)
      const attempts = adapter.connects
      adapter.accept()
      await it.elapse(2 * it.timing.delay)
      equal(adapter.connects, attempts, 'attempts to connect after it was given up')
    },
  },
  {
    id: 'OPN-02',
    title: 'a broker that never answers is given up after connectTimeout',
    promise: 'createBroker does not wait for ever: it rejects when connectTimeout is over.',
    profile: 'core',
    guarantees: [14],
    budget: ({ delay, arrive }) => 2 * delay + arrive,
    async run(it) {
      const [options, adapter] = await unopened(it)
      adapter.hangConnects()
      const start = it.clock.monotonic()
      await it.rejects('UNAVAILABLE', () => createBroker(options))
      lasted(it.clock.monotonic() - start, 2 * it.timing.delay, 2 * it.timing.delay + it.timing.arrive, 'milliseconds')
    },
  },
  {
    id: 'OPN-03',
    title: 'a broker that comes up in time is used',
    promise: 'Until connectTimeout is over connecting is tried again; what was opened works.',
    profile: 'full',
    guarantees: [14],
    budget: ({ delay, recover }) => delay + recover,
    async run(it) {
      const [options, adapter] = await unopened(it, it.timing.recover)
      adapter.refuse()
      const creating = createBroker(options)
      await it.elapse(it.timing.delay)
      adapter.accept()
      const broker = await creating
      const orders = it.topic()
      const seen: string[] = []
      await broker.subscribe(orders.subscription('billing'), ({ id }) => void seen.push(id))
      const { id } = await broker.publish(orders, { n: 1 })
      await it.until(() => seen.length > 0, { what: 'a message to come' })
      await broker.close()
      equal(seen, [id], 'what came')
    },
  },
  {
    id: 'OPN-04',
    title: 'credentials that are refused are told at once',
    promise: 'Where trying again cannot help createBroker rejects without waiting: UNAUTHORIZED, with the reason.',
    profile: 'core',
    guarantees: [14],
    async run(it) {
      const [options, adapter] = await unopened(it, it.timing.recover)
      adapter.refuse(new InjectedFault('no such user', 'UNAUTHORIZED'))
      const start = it.clock.monotonic()
      const error = await it.rejects('UNAUTHORIZED', () => createBroker(options))
      between(it.clock.monotonic() - start, 0, it.timing.arrive, 'milliseconds until it was told')
      equal(
        [error.retryable, adapter.connects],
        [false, 1],
        'whether trying again may help, and how often it was tried',
      )
    },
  },
  {
    id: 'OPN-05',
    title: 'a connection that comes too late is closed',
    promise: 'What connects after createBroker has given up is closed at once, and leaves nothing behind.',
    profile: 'full',
    guarantees: [13, 14],
    budget: ({ delay, arrive }) => 2 * delay + arrive,
    async run(it) {
      const [options, adapter] = await unopened(it)
      const letGo = adapter.hold('connect', { side: 'reply' })
      await it.rejects('UNAVAILABLE', () => createBroker(options))
      letGo()
      await it.until(() => adapter.generation > 0 && adapter.executed('close') === adapter.generation, {
        what: 'the connection that came too late to be closed',
      })
    },
  },
)

/** Options of a broker whose link can be broken before there is one. */
async function unopened(
  it: CaseContext,
  connectTimeout = 2 * it.timing.delay,
): Promise<readonly [BrokerOptions, UnreliableAdapter]> {
  const options = await it.brokerOptions()
  const inner = options.adapter
  check(typeof inner === 'object' && 'connect' in inner, 'the target gives no adapter')
  const adapter = unreliable(inner)
  return [{ ...options, adapter, connectTimeout }, adapter]
}
