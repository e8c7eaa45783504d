import { defineCases } from '../case/case.js'
import { closed } from '../case/closed.js'
import { between, check, equal } from '../case/expect.js'
import { mostHeld } from '../case/most-held.js'
import { patience } from '../case/patience.js'
import { untilAcked } from '../case/until-acked.js'
import { upTo } from '../case/up-to.js'
import { PRE_MORE } from './pre-more.js'

/** Concurrency and window. */
export const PRE = defineCases(
  {
    id: 'PRE-01',
    title: 'nobody holds more than he asked for',
    promise: 'A consumer is given at most concurrency and prefetch together, and runs at most its concurrency.',
    profile: 'core',
    async run(it) {
      for (const [concurrency, prefetch] of [
        [1, 0],
        [2, 0],
        [10, 0],
        [2, 6],
      ] as const) {
        const orders = it.topic()
        const billing = orders.subscription('billing')
        const count = it.size(60)
        await it.publish(orders, count)
        const work = () => it.elapse(it.random() * (it.timing.delay / 50))
        const seen = await it.collect(await it.open(), billing, work, { concurrency, prefetch })
        await untilAcked(it, count, seen)
        const what = `with concurrency ${concurrency} and prefetch ${prefetch}`
        between(mostHeld(it.history, billing), 1, concurrency + prefetch, `messages held at once ${what}`)
        equal(seen.mostRunning, concurrency, `runs at once ${what}`)
      }
    },
  },
  {
    id: 'PRE-02',
    title: 'one at a time is one at a time',
    promise: 'With a concurrency of 1 each run ends before the next one begins, whatever has been fetched.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const count = it.size(50)
      const work = () => it.elapse(it.random() * (it.timing.delay / 50))
      const seen = await it.collect(await it.open(), orders.subscription('billing'), work)
      await it.publish(orders, count)
      await untilAcked(it, count, seen)
      const steps = it.history.events.filter(({ kind }) => kind === 'run' || kind === 'ran').map(({ kind }) => kind)
      equal(
        steps,
        upTo(count).flatMap(() => ['run', 'ran']),
        'begins and ends of runs',
      )
    },
  },
  {
    id: 'PRE-03',
    title: 'what is full takes one when one is gone',
    promise: 'While all slots are taken nothing begins; each run that ends lets exactly one begin.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const gates = new Map(upTo(10).map(n => [n, it.gate()]))
      const billing = orders.subscription('billing', { timeout: patience(it) })
      const behaviour = ({ data }: { readonly data: { readonly n: number } }) => gates.get(data.n)?.pass()
      const seen = await it.collect(await it.open(), billing, behaviour, { concurrency: 3, prefetch: 0 })
      await it.publish(orders, 10)
      for (const ended of [0, 1, 2, 3]) {
        gates.get(ended)?.open()
        await it.until(() => seen.runs.length === 3 + ended, { what: `run ${3 + ended} to begin` })
        await it.elapse(it.timing.quiet)
        equal(seen.runs.length, 3 + ended, `runs that have begun when ${ended} have ended`)
      }
      for (const gate of gates.values()) gate.open()
      await untilAcked(it, 10, seen)
    },
  },
  {
    id: 'PRE-04',
    title: 'a consumer that was held up goes on',
    promise: 'Half the slots being stuck for a while, the other half goes on; when they are free, all are used again.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const gate = it.gate()
      const rest = it.gate()
      const count = it.size(60)
      const billing = orders.subscription('billing', { timeout: patience(it) })
      const seen = await it.collect(
        await it.open(),
        billing,
        ({ data }) => (data.n <= 4 ? gate.pass() : data.n > count - 8 ? rest.pass() : undefined),
        { concurrency: 8 },
      )
      await it.publish(orders, count)
      await it.until(() => seen.acked.length === count - 12, { what: 'all but the stuck ones to be acked' })
      gate.open()
      await it.until(() => seen.running === 8 && rest.arrived === 8, { what: 'eight runs at once' })
      rest.open()
      await untilAcked(it, count, seen)
    },
  },
  {
    id: 'PRE-05',
    title: 'a new connection brings no more slots',
    promise: 'While handlers run on through a reconnection, no more run at once than the concurrency allows.',
    profile: 'full',
    budget: ({ recover, lease, redeliver }) => recover + lease + redeliver,
    async run(it) {
      const { recover, lease, redeliver } = it.timing
      const orders = it.topic()
      const gate = it.gate()
      const handled = new Set<string>()
      const [broker, link] = await it.openBreakable()
      const behaviour = async ({ id }: { readonly id: string }) => {
        await gate.pass()
        handled.add(id)
      }
      const billing = orders.subscription('billing', { timeout: patience(it) })
      const seen = await it.collect(broker, billing, behaviour, { concurrency: 4, prefetch: 2 })
      await it.publish(orders, 20)
      await it.until(() => seen.running === 4, { what: 'four runs at once' })
      link.cut()
      await it.until(() => link.generation === 2, { within: recover, what: 'a second connection' })
      await it.elapse(lease + redeliver)
      equal(seen.running, 4, 'the runs that go on after the reconnection')
      gate.open()
      const within = recover + lease + redeliver
      await it.until(() => handled.size === 20, { within, what: 'all twenty to be handled' })
      await closed(it, seen)
      check(seen.mostRunning <= 4, `${seen.mostRunning} runs at once, where the concurrency is 4`)
    },
  },
  ...PRE_MORE,
)
