import { failOnce } from '../case/behaviour.js'
import { die } from '../case/broken-link.js'
import { defineCases } from '../case/case.js'
import { check, equal } from '../case/expect.js'
import { isDeadly, STRIKES, strikeNext } from '../case/strike.js'

/** Retries across the end of processes and links. */
export const RTY_CROSSING = defineCases(
  {
    id: 'RTY-14',
    title: 'a retry outlives the process that asked for it',
    promise:
      'Where a process is closed or dies while a retry waits, another one gets the message when it is due: not earlier, and once.',
    profile: 'full',
    budget: ({ delay, redeliver, recover, lease }) => 2 * (4 * delay + redeliver + lease + recover),
    async run(it) {
      for (const isClosed of [true, false]) {
        const delay = 4 * it.timing.delay
        const orders = it.topic()
        const billing = orders.subscription('billing', { retry: { delays: [delay] } })
        const [broker, adapter] = await it.openBreakable()
        let retried = 0
        broker.on('delivery.retried', () => retried++)
        const first = await it.collect(broker, billing, failOnce())
        const ids = await it.publish(orders, 1)
        await it.until(() => retried === 1, { what: 'the message to wait for its retry' })
        if (isClosed) await broker.close()
        else await die(it, broker, adapter)
        const second = await it.collect(await it.open(), billing)
        const how = isClosed ? 'closed' : 'dead'
        const within = delay + it.timing.redeliver + it.timing.lease + it.timing.recover
        const what = `the message to come to another process when its retry is due and the first is ${how}`
        await it.until(() => second.acked.length === 1, { within, what })
        await it.silence(second)
        equal(second.ids, ids, `the runs in the process after the one that is ${how}`)
        const gap = (second.runs[0]?.startedAt ?? 0) - (first.runs[0]?.endedAt ?? 0)
        check(gap >= delay, `the retry came after ${gap} ms, and its delay is ${delay} ms (the first is ${how})`)
      }
    },
  },
  {
    id: 'RTY-15',
    title: 'a retry is handed over whole',
    promise:
      'Wherever a process dies or a link breaks while a retry is being stored, the message is there afterwards: once, or twice, never not at all.',
    profile: 'full',
    budget: ({ recover, redeliver, lease }) => 5 * (3 * (lease + recover) + redeliver),
    async run(it) {
      for (const strike of STRIKES) {
        const orders = it.topic()
        const billing = orders.subscription('billing', { retry: { delays: [] } })
        const [broker, adapter] = await it.openBreakable()
        const seen = [await it.collect(broker, billing, failOnce())]
        const provoke = () => it.publish(orders, 3)
        await strikeNext(it, adapter, strike, { operation: 'settle', provoke })
        if (isDeadly(strike)) seen.push(await it.collect(await it.open(), billing, failOnce()))
        const acked = () => new Set(seen.flatMap(one => one.acked))
        const what = `three messages to be acked in the end where, as a retry is settled, it ${strike}`
        await it.until(() => acked().size === 3, {
          within: it.timing.lease + it.timing.recover + it.timing.redeliver,
          what,
        })
      }
    },
  },
)
