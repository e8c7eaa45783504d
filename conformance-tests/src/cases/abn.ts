import { DEAD_REASONS } from '@pluribus/core'
import { all } from '../case/all.js'
import { defineCases } from '../case/case.js'
import { between, check, equal } from '../case/expect.js'

/** Handlers that outlive their timeout. */
export const ABN = defineCases(
  {
    id: 'ABN-01',
    title: 'a handler that never ends is told at its timeout, and given up after its grace',
    promise:
      'Its signal fires when the timeout is over; when the grace is, `handler.abandoned` is reported once for each run, the slot is free, and the run has failed.',
    profile: 'core',
    guarantees: [4, 7],
    budget: ({ timeout, redeliver }) => 6 * timeout + 2 * redeliver,
    async run(it) {
      const { timeout, redeliver, arrive } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout, grace: timeout, retry: { attempts: 2, delays: [] } })
      const broker = await it.open()
      const told: number[] = []
      const abandoned: number[] = []
      broker.on('handler.abandoned', ({ attempt }) => void abandoned.push(attempt))
      const gate = it.gate()
      const seen = await it.collect(broker, billing, ({ data: { n } }, { signal }) => {
        if (n !== 1) return undefined
        const start = it.clock.monotonic()
        signal.addEventListener('abort', () => told.push(it.clock.monotonic() - start), { once: true })
        return gate.pass()
      })
      const [id, other] = await it.publish(orders, 2)
      const within = arrive + 4 * timeout + 2 * redeliver
      await it.until(() => seen.dead.length === 1 && seen.acked.length === 1, { within, what: 'one dead, one acked' })
      equal([...seen.dead, ...seen.acked], [id, other], 'what died and what was acked')
      equal(abandoned, [1, 2], 'the attempts that were reported as abandoned')
      const [first, second] = seen.runsOf(id ?? '')
      for (const ms of told) between(ms, timeout, timeout + redeliver, 'milliseconds until the signal')
      between(
        (second?.startedAt ?? 0) - (first?.startedAt ?? 0),
        2 * timeout,
        within,
        'milliseconds until it was run again',
      )
      gate.open()
      await it.silence(seen)
      const dead = await all(broker.deadLetters(billing))
      equal(
        dead.map(({ reason, errors }) => [reason, ...errors.map(({ code }) => code)]),
        [[DEAD_REASONS.EXHAUSTED, 'TIMEOUT', 'TIMEOUT']],
        'reason and errors of the dead letters',
      )
    },
  },
  {
    id: 'ABN-02',
    title: 'a handler that ends within its grace keeps its slot until then, and has failed',
    promise: 'A run that is over its timeout has failed whatever it answers; until it ends nothing takes its slot.',
    profile: 'full',
    guarantees: [7],
    budget: ({ timeout, redeliver }) => 4 * timeout + redeliver,
    async run(it) {
      const { timeout, arrive } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout, grace: 4 * timeout, retry: { attempts: 1 } })
      const broker = await it.open()
      let abandoned = 0
      broker.on('handler.abandoned', () => void abandoned++)
      const seen = await it.collect(broker, billing, ({ data: { n } }) =>
        n === 1 ? it.elapse(2 * timeout) : undefined,
      )
      const ids = await it.publish(orders, 2)
      await it.until(() => seen.dead.length + seen.acked.length === 2, {
        within: arrive + 3 * timeout,
        what: 'both to end',
      })
      equal([...seen.dead, ...seen.acked], ids, 'what died and what was acked')
      equal(abandoned, 0, 'how many handlers were abandoned')
      const [first, second] = seen.runs
      check(
        (second?.startedAt ?? 0) >= (first?.endedAt ?? Number.POSITIVE_INFINITY),
        'the second message was begun while the first one had the only slot',
      )
      const [dead] = await all(broker.deadLetters(billing))
      equal(
        dead?.errors.map(({ code }) => code),
        ['TIMEOUT'],
        'the errors of the dead letter',
      )
    },
  },
  {
    id: 'ABN-03',
    title: 'a handler that is over its timeout keeps its key until it ends',
    promise: 'The next message of a key is not begun while a run of that key goes on, timed out or not; others are.',
    profile: 'full',
    guarantees: [7, 8],
    needs: { not: 'keys:none' },
    budget: ({ timeout, redeliver }) => 4 * timeout + redeliver,
    async run(it) {
      const { timeout, arrive } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout, grace: 4 * timeout, retry: { attempts: 1 } })
      const behaviour = ({ data: { n } }: { readonly data: { readonly n: number } }) =>
        n === 1 ? it.elapse(2 * timeout) : undefined
      const seen = await it.collect(await it.open(), billing, behaviour, { concurrency: 4 })
      await it.publish(orders, 3, n => ({ key: n === 2 ? 'other' : 'one' }))
      const within = arrive + 3 * timeout
      await it.until(() => seen.dead.length + seen.acked.length === 3, { within, what: 'all three to end' })
      equal(seen.numbers, [1, 2, 3], 'the order of the runs')
      const [slow, , next] = seen.runs
      check(
        (next?.startedAt ?? 0) >= (slow?.endedAt ?? Number.POSITIVE_INFINITY),
        'the next message of the key was begun while a run of it went on',
      )
    },
  },
  {
    id: 'ABN-04',
    title: 'a handler that fails once its timeout is over has failed by its timeout',
    promise: 'What a handler throws after its timeout changes nothing: the one failure that is counted is the timeout.',
    profile: 'full',
    guarantees: [4, 7],
    budget: ({ timeout, redeliver }) => 2 * timeout + redeliver,
    async run(it) {
      const { timeout, arrive, redeliver } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing', {
        timeout,
        grace: 4 * timeout,
        retry: { attempts: 2, delays: [] },
      })
      const broker = await it.open()
      const seen = await it.collect(broker, billing, async (_, { signal }) => {
        await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
        throw new Error('told to stop')
      })
      await it.publish(orders, 1)
      const within = arrive + 3 * timeout + redeliver
      await it.until(() => seen.dead.length === 1, { within, what: 'the message to be dead' })
      const [dead] = await all(broker.deadLetters(billing))
      equal(
        dead?.errors.map(({ code }) => code),
        ['TIMEOUT', 'TIMEOUT'],
        'the errors of the dead letter',
      )
    },
  },
  {
    id: 'ABN-05',
    title: 'an abandoned handler that fails at last has no slot to give back',
    promise: 'Whatever becomes of a handler that was given up, there are never more runs at once than slots.',
    profile: 'full',
    guarantees: [7],
    budget: ({ timeout, quiet }) => 3 * timeout + quiet,
    async run(it) {
      const { timeout, arrive, quiet } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout, grace: timeout, retry: { attempts: 1 } })
      const [late, busy] = [it.gate(), it.gate()]
      const behaviours = [
        () => late.pass().then(() => Promise.reject(new Error('at last'))),
        () => busy.pass(),
        () => undefined,
      ]
      const seen = await it.collect(await it.open(), billing, ({ data: { n } }) => behaviours[n - 1]?.())
      await it.publish(orders, 3)
      await it.until(() => busy.arrived === 1, { within: arrive + 3 * timeout, what: 'the second message to be run' })
      late.open()
      await it.elapse(Math.min(quiet, timeout / 2))
      equal(seen.numbers, [1, 2], 'what was begun while the second message had the only slot')
      busy.open()
      await it.until(() => seen.acked.length === 2, { within: 2 * arrive, what: 'the other two to be acked' })
      equal(seen.dead.length, 1, 'how many died')
    },
  },
)
