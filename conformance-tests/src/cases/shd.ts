import { all } from '../case/all.js'
import { type Behaviour, never } from '../case/behaviour.js'
import { defineCases } from '../case/case.js'
import { check, equal, lasted, sameMembers } from '../case/expect.js'
import { patience } from '../case/patience.js'
import type { Sample } from '../case/sample.js'
import { upTo } from '../case/up-to.js'

/** Closing in an orderly way. */
export const SHD = defineCases(
  {
    id: 'SHD-01',
    title: 'closing waits for what runs, and starts nothing',
    promise:
      'Handlers that run when a broker is closed end, and their acks count; no further one begins, and the rest goes elsewhere.',
    profile: 'core',
    budget: ({ quiet, redeliver }) => quiet + redeliver,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout: patience(it) })
      const first = await it.open()
      const gate = it.gate()
      const seen = await it.collect(first, billing, () => gate.pass(), { concurrency: 10, prefetch: 10 })
      const ids = await it.publish(orders, 20)
      await it.until(() => gate.arrived === 10, { what: 'ten handlers to begin' })
      let isClosed = false
      const closing = first.close({ drain: patience(it) }).then(() => {
        isClosed = true
      })
      await it.elapse(it.timing.quiet)
      equal(
        [isClosed, seen.runs.length],
        [false, 10],
        'whether it has closed while ten handlers run, and how many began',
      )
      gate.open()
      await closing
      sameMembers(seen.acked, ids.slice(0, 10), 'what was acked while it closed')
      equal(seen.runs.length, 10, 'how many handlers began')
      const second = await it.collect(await it.open(), billing)
      await it.until(() => second.acked.length === 10, { what: 'the ten others to be acked by another process' })
      equal([second.ids, [...new Set(second.attempts)]], [ids.slice(10), [1]], 'what came to another process')
    },
  },
  {
    id: 'SHD-02',
    title: 'after closing nothing runs and nothing is settled',
    promise:
      'When closing has ended, its process starts no handler and settles nothing; what it had fetched is back, as it was.',
    profile: 'core',
    budget: ({ quiet, arrive }) => quiet + arrive,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const first = await it.open()
      const seen = await it.collect(first, billing, () => it.elapse(it.timing.quiet / 50), { prefetch: 50 })
      const ids = await it.publish(orders, 50)
      await it.until(() => seen.acked.length >= 5, { what: 'five of fifty messages to be acked' })
      await first.close()
      const { events } = it.history
      const process = events.find(({ kind }) => kind === 'run')?.process
      const closedAt = events.length
      const done = seen.runs.length
      equal(seen.acked.length, done, 'how many of the messages that were run are acked')
      await it.publish(orders, 1)
      await it.elapse(it.timing.quiet)
      const later = it.history.events.slice(closedAt).filter(event => event.process === process)
      equal(
        later.map(({ kind }) => kind),
        [],
        'what the process did after it was closed',
      )
      const second = await it.collect(await it.open(), billing)
      await it.until(() => second.acked.length === 51 - done, { what: 'the rest to be acked by another process' })
      equal(second.ids.slice(0, -1), ids.slice(done), 'what came to another process, in order')
      equal([...new Set(second.attempts)], [1], 'the attempts of what had been fetched')
    },
  },
  {
    id: 'SHD-03',
    title: 'when the drain is over, handlers are told and their messages go elsewhere',
    promise:
      'Closing ends with the drain: the signal of what still runs fires, and its messages are back for others at once.',
    profile: 'core',
    budget: ({ timeout, close, redeliver }) => timeout + close + redeliver,
    async run(it) {
      const { timeout, close, redeliver } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout: patience(it) })
      const first = await it.open()
      const seen = await it.collect(first, billing, () => never, { concurrency: 3 })
      const ids = await it.publish(orders, 3)
      await it.until(() => seen.running === 3, { what: 'three handlers that never end to begin' })
      const signals = seen.runs.map(({ context }) => context.signal)
      const since = it.clock.monotonic()
      await first.close({ drain: timeout })
      lasted(it.clock.monotonic() - since, timeout, timeout + close, 'milliseconds that closing took')
      equal(
        signals.map(({ aborted, reason }) => [aborted, (reason as { code?: unknown } | undefined)?.code]),
        [1, 2, 3].map(() => [true, 'CLOSED']),
        'whether the signals have fired, and why',
      )
      const second = await it.collect(await it.open(), billing)
      const what = 'the three messages to be acked by another process'
      await it.until(() => second.acked.length === 3, { within: redeliver, what })
      equal(second.ids, ids, 'what came to another process')
    },
  },
  {
    id: 'SHD-04',
    title: 'nobody dies of a shutdown',
    promise:
      'A run that is cut off by closing is no failed run: where one attempt is allowed the message lives, and comes as attempt 1.',
    profile: 'full',
    budget: ({ timeout, redeliver }) => timeout + redeliver,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout: patience(it), retry: { attempts: 1 } })
      const first = await it.open()
      const behaviour: Behaviour<Sample> = async (_, { signal }) => {
        await new Promise(resolve => signal.addEventListener('abort', resolve))
        throw new Error('cut off')
      }
      const seen = await it.collect(first, billing, behaviour)
      await it.publish(orders, 1)
      await it.until(() => seen.running === 1, { what: 'the handler to begin' })
      await first.close({ drain: it.timing.timeout / 4 })
      const second = await it.open()
      equal((await all(second.deadLetters(billing))).length, 0, 'how many dead letters there are after the shutdown')
      const again = await it.collect(second, billing)
      await it.until(() => again.acked.length === 1, { within: it.timing.redeliver, what: 'the message to be acked' })
      equal(again.attempts, [1], 'its attempt')
    },
  },
  {
    id: 'SHD-05',
    title: 'every publish is answered when its broker closes',
    promise:
      'Publishes that nobody has awaited are sent before closing ends; those that the broker does not answer reject, and say what is known.',
    profile: 'full',
    budget: ({ close, timeout }) => 2 * close + timeout,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const seen = await it.collect(await it.open(), billing)
      const count = it.size(100)
      const first = await it.open()
      const sent = upTo(count).map(n => first.publish(orders, { n }))
      await first.close()
      const ids = (await Promise.all(sent)).map(({ id }) => id)
      await it.until(() => seen.acked.length === count, { what: `the ${count} messages that were sent to be acked` })
      equal(seen.ids, ids, 'what was handed out of what was published before closing')
      const [second, adapter] = await it.openBreakable()
      adapter.hold('publish', { side: 'reply' })
      const open = [1, 2, 3].map(n => second.publish(orders, { n }))
      const told = Promise.allSettled(open)
      await second.close({ drain: it.timing.timeout })
      const results = await told
      for (const result of results) {
        check(result.status === 'rejected', 'a publish that was never answered has resolved')
        const { outcome } = result.reason as { outcome?: unknown }
        check(outcome === 'unknown', `what was sent and never answered is called ${String(outcome)}, and is unknown`)
      }
    },
  },
)
