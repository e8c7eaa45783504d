import { isPluribusError } from '@pluribus/core'
import { defineCases } from '../case/case.js'
import { check, equal } from '../case/expect.js'

/** Subscribing: how consumers stop, wait, and are told. */
export const SUB_MORE = defineCases(
  {
    id: 'SUB-09',
    title: 'a pause holds back what has not begun',
    promise: 'A paused consumer starts nothing, what runs ends normally, and after resume() nothing is missing.',
    profile: 'core',
    budget: ({ quiet }) => quiet,
    async run(it) {
      const orders = it.topic()
      const gate = it.gate()
      const seen = await it.collect(await it.open(), orders.subscription('billing'), ({ data }) =>
        data.n === 1 ? gate.pass() : undefined,
      )
      const ids = await it.publish(orders, 10)
      await it.until(() => gate.arrived === 1, { what: 'the first run' })
      seen.handle.pause()
      equal(seen.handle.state, 'paused', 'the state of a paused consumer')
      gate.open()
      await it.until(() => seen.acked.length === 1, { what: 'what ran when it was paused to be acked' })
      await it.elapse(it.timing.quiet)
      equal(seen.numbers, [1], 'the runs while it was paused')
      seen.handle.resume()
      await it.until(() => seen.acked.length === 10, { what: 'the rest to be acked' })
      equal(seen.ids, ids, 'the runs')
    },
  },
  {
    id: 'SUB-12',
    title: 'a subscription that is removed under its consumer is told',
    promise:
      'Where a subscription is removed while it is consumed, its consumer says so with a reason: it does not die in silence.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const broker = await it.open()
      const seen = await it.collect(broker, billing)
      const down: unknown[] = []
      broker.on('consumer.down', ({ error }) => {
        down.push(error)
        // A consumer that goes on would make the subscription again.
        void seen.close()
      })
      await (await it.open()).remove(billing)
      await it.until(() => down.length > 0, { what: 'the consumer to say that its subscription is gone' })
      const [error] = down
      check(isPluribusError(error, 'NOT_FOUND'), `the reason should have been NOT_FOUND; it was ${String(error)}`)
    },
  },
  {
    id: 'SUB-13',
    title: 'consumers that come and go lose nothing',
    promise: 'However often a subscription is opened and closed while messages come: each is handled, in its order.',
    profile: 'full',
    budget: ({ arrive, redeliver }) => 20 * (arrive + redeliver),
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const broker = await it.open()
      const numbers: number[] = []
      const rounds = it.size(40)
      let sent = 0
      for (let round = 0; round < rounds; round++) {
        const seen = await it.collect(broker, billing, ({ data }) => void numbers.push(data.n))
        const under = Array.from({ length: 5 }, () => broker.publish(orders, { n: sent++ }))
        if (it.random() < 0.5) await Promise.all(under)
        if (it.random() < 0.5) await it.until(() => seen.runs.length > 0, { what: `a run in round ${round + 1}` })
        await seen.close()
        await Promise.all(under)
      }
      const last = await it.collect(broker, billing, ({ data }) => void numbers.push(data.n))
      await it.until(() => numbers.length >= sent, { what: `all ${sent} messages to be handled` })
      await it.silence(last)
      equal(
        numbers,
        Array.from({ length: sent }, (_, n) => n),
        'the order of the runs',
      )
    },
  },
  {
    id: 'SUB-15',
    title: 'a handler is told that its message is gone',
    promise:
      'The signal fires when the broker takes the delivery away, and when its consumer closes without waiting longer.',
    profile: 'full',
    budget: ({ redeliver, close }) => 2 * redeliver + close,
    async run(it) {
      const orders = it.topic()
      const [broker, adapter] = await it.openBreakable()
      const billing = orders.subscription('billing', { timeout: it.timing.recover })
      const reasons: unknown[] = []
      const seen = await it.collect(broker, billing, async (_, { signal }) => {
        await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
        reasons.push(isPluribusError(signal.reason) ? signal.reason.code : signal.reason)
      })
      await it.publish(orders, 1)
      await it.until(() => seen.running === 1, { what: 'a run' })
      adapter.takeLeases()
      await it.until(() => reasons.length === 1, { what: 'the handler to be told that its lease is lost' })
      await it.until(() => seen.running === 1, { within: it.timing.redeliver, what: 'another run' })
      await seen.handle.close({ drain: 0 })
      await it.until(() => reasons.length === 2, { what: 'the handler to be told that its consumer waits no longer' })
      equal(reasons, ['STALE', 'CLOSED'], 'the reasons of the signals')
      equal(seen.lost.length, 1, 'deliveries that were taken away')
    },
  },
  {
    id: 'SUB-16',
    title: 'subscribing waits for a broker that is down',
    promise:
      'A subscribe() while there is no connection becomes effective when there is one; a consumer comes back by itself.',
    profile: 'core',
    budget: ({ recover }) => 3 * recover,
    async run(it) {
      const { recover } = it.timing
      const orders = it.topic()
      const [broker, adapter] = await it.openBreakable({ connectTimeout: recover })
      const before = await it.collect(broker, orders.subscription('before'))
      adapter.refuse()
      adapter.cut()
      equal(before.handle.state, 'disconnected', 'the state of a consumer without a connection')
      const opening = it.collect(broker, orders.subscription('meanwhile'))
      await it.until(() => adapter.connects >= 2, { within: recover, what: 'an attempt to connect that fails' })
      adapter.accept()
      const meanwhile = await opening
      const { id } = await (await it.open()).publish(orders, { n: 1 })
      await it.until(() => before.acked.length === 1 && meanwhile.acked.length === 1, {
        within: recover,
        what: 'both consumers to get what was published after the outage',
      })
      equal([before.acked, meanwhile.acked], [[id], [id]], 'what came')
    },
  },
)
