import { type Behaviour, failAlways } from '../case/behaviour.js'
import { defineCases } from '../case/case.js'
import type { Collector } from '../case/collector.js'
import { between, check, equal, sameMembers } from '../case/expect.js'
import { patience } from '../case/patience.js'
import type { Sample } from '../case/sample.js'

/** Closing in an orderly way: from within, one after the other, under load. */
export const SHD_MORE = defineCases(
  {
    id: 'SHD-06',
    title: 'a process that is told to stop under load ends by itself',
    promise:
      'When its broker has been closed nothing keeps the process alive; nothing is lost, and nothing is run twice.',
    profile: 'full',
    needs: ['competing:message', 'settle:stored', { not: 'durability:memory' }],
    hooks: ['children'],
    budget: ({ arrive, close }) => 5 * arrive + 2 * close,
    async run(it) {
      const { arrive, close } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const count = it.size(500)
      const stopped = await it.child()
      await stopped.subscribe(billing, { does: 'ack' }, { concurrency: 4, prefetch: 100 })
      const publisher = await it.child()
      const publishing = publisher.publish(orders, count)
      await it.until(() => stopped.acked.length >= count / 10, { within: 3 * arrive, what: 'a tenth to be acked' })
      await stopped.close()
      await it.until(() => stopped.isOver, {
        within: close,
        what: 'the process to end by itself after its broker was closed',
      })
      equal(await stopped.exited, { code: 0, signal: null }, 'how the process has ended')
      await publishing
      const other = await it.collect(await it.open(), billing)
      const acked = () => [...stopped.acked, ...other.acked]
      await it.until(() => acked().length === count, { within: 3 * arrive, what: `${count} messages to be acked` })
      sameMembers(
        [...stopped.runs.map(({ id }) => id), ...other.ids],
        publisher.receipts.map(({ id }) => id),
        'the runs in both processes: each message once',
      )
    },
  },
  {
    id: 'SHD-07',
    title: 'a handler may close its broker',
    promise:
      'Not awaited, closing ends after the handler; awaited within it, when the drain is over. Neither deadlocks.',
    profile: 'full',
    budget: ({ timeout, close }) => 2 * (timeout + close),
    async run(it) {
      const { timeout, close } = it.timing
      for (const isAwaited of [false, true]) {
        const orders = it.topic()
        const broker = await it.open()
        let closing: Promise<void> | undefined
        const behaviour: Behaviour<Sample> = async () => {
          closing = broker.close({ drain: timeout })
          if (isAwaited) await closing
        }
        const billing = orders.subscription('billing', { timeout: patience(it) })
        const seen = await it.collect(broker, billing, behaviour)
        const ids = await it.publish(orders, 2)
        await it.until(() => closing !== undefined, { what: 'the handler to close its broker' })
        const since = it.clock.monotonic()
        await closing
        const took = it.clock.monotonic() - since
        const how = isAwaited ? 'awaited' : 'not awaited'
        between(took, 0, isAwaited ? timeout + close : close, `milliseconds that closing took (${how})`)
        equal([seen.ids, seen.acked], [ids.slice(0, 1), isAwaited ? [] : ids.slice(0, 1)], `runs and acks (${how})`)
      }
    },
  },
  {
    id: 'SHD-08',
    title: 'processes are replaced one by one under load',
    promise:
      'While one process after the other is closed and started again, everything that is published is handled; what is closed in peace is run once.',
    profile: 'full',
    budget: ({ arrive, close, recover }) => 3 * (arrive + close) + recover,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const slow: Behaviour<Sample> = () => it.elapse(it.random() * (it.timing.quiet / 50))
      const start = async () => it.collect(await it.open(), billing, slow, { concurrency: 2, prefetch: 4 })
      const seen: Collector[] = [await start(), await start(), await start()]
      const each = it.size(50)
      const ids: string[] = []
      for (let round = 0; round < 3; round++) {
        ids.push(...(await it.publish(orders, each)))
        await seen[round]?.broker.close()
        seen.push(await start())
      }
      const acked = () => seen.flatMap(one => one.acked)
      const within = it.timing.recover
      await it.until(() => new Set(acked()).size === 3 * each, { within, what: `${3 * each} messages to be acked` })
      sameMembers([...new Set(acked())], ids, 'what was acked')
      // A partition that moves takes along what runs.
      if (it.capabilities.competing === 'message') {
        sameMembers(
          seen.flatMap(one => one.ids),
          ids,
          'the runs in all processes: each message once',
        )
      }
    },
  },
  {
    id: 'SHD-09',
    title: 'a keyed message that waits for its retry outlives its process',
    promise:
      'Where a process is closed while a key waits, another one gets the message and then those behind it, in order.',
    profile: 'full',
    needs: { not: 'keys:none' },
    budget: ({ delay, redeliver, recover }) => delay + redeliver + recover,
    async run(it) {
      const { delay, redeliver, recover } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing', { retry: { delays: [delay] } })
      const first = await it.open()
      let retried = 0
      first.on('delivery.retried', () => retried++)
      const failing = await it.collect(first, billing, failAlways())
      const ids = await it.publish(orders, 3, () => ({ key: 'one' }))
      await it.until(() => retried === 1, { what: 'the first message of the key to wait for its retry' })
      await first.close()
      const second = await it.collect(await it.open(), billing)
      const within = delay + redeliver + recover
      await it.until(() => second.acked.length === 3, { within, what: 'the whole key to be acked by another process' })
      equal([failing.ids, second.ids], [ids.slice(0, 1), ids], 'the runs in the first and in the second process')
    },
  },
  {
    id: 'SHD-10',
    title: 'closing one consumer leaves the others alone',
    promise:
      'Of two subscriptions of one broker, one can be closed: it is drained, and the other goes on as if nothing had been.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const gate = it.gate()
      const one = await it.collect(broker, orders.subscription('one', { timeout: patience(it) }), () => gate.pass())
      const other = await it.collect(broker, orders.subscription('other'))
      const ids = await it.publish(orders, 2)
      await it.until(() => gate.arrived === 1 && other.acked.length === 2, {
        what: 'one to run and the other to be done',
      })
      const closing = one.close()
      const [later] = await it.publish(orders, 1)
      await it.until(() => other.acked.length === 3, { what: 'the other to have a message while one is closing' })
      gate.open()
      await closing
      equal([one.acked, other.ids], [ids.slice(0, 1), [...ids, later]], 'what was acked in one, and run in the other')
      equal([one.handle.state, other.handle.state], ['closed', 'consuming'], 'the states of both')
      check(one.runs.length === 1, `${one.runs.length} handlers of the closed consumer have begun`)
    },
  },
  {
    id: 'SHD-11',
    title: 'a process that closes under full load loses nothing and repeats nothing',
    promise: 'What it has handled is acked, what it has not started is handed out by others as if for the first time.',
    profile: 'full',
    needs: 'settle:stored',
    proves: ['settle:stored'],
    budget: ({ arrive }) => 3 * arrive,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const count = it.size(200)
      const first = await it.open()
      const pause: Behaviour<Sample> = ({ data }) => (data.n % 3 === 0 ? it.elapse(it.timing.quiet / 100) : undefined)
      const seen = await it.collect(first, billing, pause, { concurrency: 8, prefetch: count })
      const publishing = it.publish(orders, count)
      await it.until(() => seen.acked.length >= count / 10, { what: 'a tenth of the messages to be acked' })
      await first.close()
      const ids = await publishing
      const second = await it.collect(await it.open(), billing, pause, { concurrency: 8 })
      const rest = count - seen.acked.length
      const within = 2 * it.timing.arrive
      await it.until(() => second.acked.length === rest, { within, what: 'the rest to be acked by another process' })
      sameMembers([...seen.ids, ...second.ids], ids, 'the runs in both processes: each message once')
    },
  },
  {
    id: 'SHD-12',
    title: 'closing waits for the answers that it is owed, and what it has told to stop has not failed',
    promise:
      'What is being settled when a consumer closes is known to be settled when it has closed; a handler that throws because it was told to stop counts nothing.',
    profile: 'full',
    guarantees: [13],
    budget: ({ arrive, redeliver, quiet }) => 3 * arrive + redeliver + quiet,
    async run(it) {
      const { arrive, redeliver, quiet } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout: patience(it) })
      const [broker, adapter] = await it.openBreakable()
      const letGo = adapter.hold('settle')
      const stops: Behaviour<Sample> = async ({ data: { n } }, { signal }) => {
        if (n === 1) return
        await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
        throw new Error('told to stop')
      }
      const seen = await it.collect(broker, billing, stops, { concurrency: 2 })
      const [first = '', second = ''] = await it.publish(orders, 2)
      const isOver = () => seen.runs.length === 2 && seen.runs[0]?.endedAt !== undefined
      await it.until(isOver, { what: 'the first message to be handled, the second to run' })
      const closed = seen.handle.close({ drain: 0 })
      await it.elapse(Math.min(quiet, ANSWERED))
      letGo()
      await closed
      equal(seen.acked, [first], 'what is known to be acked when the consumer has closed')
      const next = await it.collect(await it.open(), billing)
      await it.until(() => next.acked.length === 1, { within: arrive + redeliver, what: 'the second one to be acked' })
      equal([next.ids, next.attempts], [[second], [1]], 'what another process was given, and its attempt')
    },
  },
)

/** Milliseconds that an answer is kept from a consumer that closes: less than it waits for. */
const ANSWERED = 1_000
