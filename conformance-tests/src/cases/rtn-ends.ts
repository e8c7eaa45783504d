import type { Topic } from '@pluribus/core'
import { all } from '../case/all.js'
import { become } from '../case/become.js'
import { defineCases } from '../case/case.js'
import type { CaseContext } from '../case/context.js'
import { check, equal } from '../case/expect.js'
import type { Sample } from '../case/sample.js'
import { untilAcked } from '../case/until-acked.js'

/** How much is published at once, so that a broker that drops what waits has nothing to drop. */
const AT_ONCE = 3
const ROUNDS = 20
const PADDING = 'x'.repeat(100)
/** What a topic counts of one of these: `{"n":1}`, or one digit more, and a header. */
const LEAST = 7 + 'padding'.length + PADDING.length
const MOST = LEAST + 1
/** How many of them a topic may keep. */
const ROOM = 20

/** The history of a topic, by ids, after the adapter's housekeeping: nobody else says how soon that comes. */
function keptAfterHousekeeping(it: CaseContext, topic: Topic<Sample>): () => Promise<readonly string[]> {
  const opening = Promise.all([it.open(), it.connect()])
  return async () => {
    const [broker, connection] = await opening
    await connection.maintain?.()
    return (await all(broker.history(topic))).map(({ id }) => id)
  }
}

/** The end of retention. */
export const RTN_ENDS = defineCases(
  {
    id: 'RTN-06',
    title: 'what everybody has handled goes when its time is over',
    promise:
      "When a topic's retention is over what everybody has handled is gone, with the next housekeeping: from the history, and for new subscriptions.",
    profile: 'core',
    guarantees: [12],
    needs: 'history:stored',
    proves: ['history:stored'],
    budget: ({ delay, arrive, quiet }) => 2 * delay + 3 * arrive + quiet,
    async run(it) {
      const age = 2 * it.timing.delay
      const orders = it.topic({ retention: { age } })
      const broker = await it.open()
      const seen = await it.collect(broker, orders.subscription('billing'))
      await it.publish(orders, AT_ONCE)
      await untilAcked(it, AT_ONCE, seen)
      await it.elapse(age)
      await become(it, keptAfterHousekeeping(it, orders), [], 'what the history has when the time is over')
      const late = await it.collect(broker, orders.subscription('shipping'))
      await it.silence(late)
    },
  },
  {
    id: 'RTN-07',
    title: 'what everybody has handled goes, the oldest first, where there is more than its topic may keep',
    promise: 'Of what is handled a topic keeps the newest that fit in its bytes, after the next housekeeping.',
    profile: 'full',
    guarantees: [12],
    needs: 'history:stored',
    proves: ['history:stored'],
    budget: ({ arrive }) => 10 * arrive,
    async run(it) {
      const orders = it.topic({ retention: { bytes: ROOM * MOST } })
      const seen = await it.collect(await it.open(), orders.subscription('billing'))
      const ids: string[] = []
      for (let round = 1; round <= ROUNDS; round++) {
        ids.push(...(await it.publish(orders, AT_ONCE, () => ({ headers: { padding: PADDING } }))))
        await untilAcked(it, ids.length, seen)
      }
      const look = keptAfterHousekeeping(it, orders)
      const most = Math.floor((ROOM * MOST) / LEAST)
      await become(it, async () => (await look()).length <= most, true, `that no more than ${most} are kept`)
      const kept = await look()
      check(kept.length > 0, 'nothing is kept, although much of it fits')
      equal(kept, ids.slice(-kept.length), 'what is kept of all that was published')
    },
  },
)
