import { all } from '../case/all.js'
import { failAlways } from '../case/behaviour.js'
import { defineCases } from '../case/case.js'
import type { Collector } from '../case/collector.js'
import type { CaseContext } from '../case/context.js'
import { equal, sameMembers } from '../case/expect.js'
import { patience } from '../case/patience.js'
import { isDeadly, STRIKES, strikeNext } from '../case/strike.js'
import { untilAcked } from '../case/until-acked.js'

/** Looking at dead letters, putting them back, throwing them away. */
export const DLQ_REDRIVE = defineCases(
  {
    id: 'DLQ-11',
    title: 'looking at dead letters changes nothing',
    promise:
      'They can be read again and again, in the order in which they died, by any process and while more are dying.',
    profile: 'full',
    async run(it) {
      const { orders, broker, billing, failing, ids } = await deadOf(it, 5)
      const seen: string[] = []
      for await (const { message } of broker.deadLetters(billing)) {
        seen.push(message.id)
        if (seen.length === 2) {
          await it.publish(orders, 1)
          await it.until(() => failing.dead.length === 6, { what: 'a sixth message to be dead' })
        }
      }
      equal(seen.slice(0, 5), ids, 'the dead letters that were there when the reading began')
      equal(new Set(seen).size, seen.length, 'how many different ones there are among those that were read')
      const other = await it.open()
      const again = (await all(other.deadLetters(billing))).map(({ message }) => message.id)
      equal(again, failing.dead, 'the dead letters as another process reads them')
      const first = (await all(other.deadLetters(billing, { limit: 2 }))).map(({ message }) => message.id)
      equal(first, ids.slice(0, 2), 'the first two')
      await it.silence(failing)
    },
  },
  {
    id: 'DLQ-12',
    title: 'a redrive moves what it is told to, and nothing else',
    promise: 'One, some, or all dead letters go back into the subscription where they died, and into no other.',
    profile: 'full',
    async run(it) {
      const { orders, broker, billing, failing, ids } = await deadOf(it, 6)
      const other = await it.collect(broker, orders.subscription('other'))
      await it.until(() => other.acked.length === 6, { what: 'another subscription to have handled all of them' })
      await failing.close()
      const again = await it.collect(broker, billing)
      const redriven = async (
        selection: { ids?: string[]; limit?: number },
        expected: readonly (string | undefined)[],
      ) => {
        const before = again.acked.length
        const result = await broker.redrive(billing, selection)
        const what = `redriving ${JSON.stringify(selection)}`
        equal(result, { redriven: expected.length, missing: [] }, `the result of ${what}`)
        await it.until(() => again.acked.length === before + expected.length, {
          what: `those to be acked after ${what}`,
        })
        await it.silence(again)
        sameMembers(again.acked.slice(before), expected, `what came back by ${what}`)
      }
      await redriven({ ids: [ids[2] ?? ''] }, [ids[2]])
      await redriven({ limit: 2 }, [ids[0], ids[1]])
      await redriven({}, ids.slice(3))
      equal((await all(broker.deadLetters(billing))).length, 0, 'how many dead letters are left')
      await it.silence(other)
      equal(other.runs.length, 6, 'how many runs there were in the other subscription')
    },
  },
  {
    id: 'DLQ-13',
    title: 'a redriven message starts anew',
    promise: 'It is attempt 1 again, without losses, and the same message; it may die again, of new failures.',
    profile: 'full',
    async run(it) {
      const { broker, billing, failing, ids } = await deadOf(it, 1, 2)
      await broker.redrive(billing)
      await it.until(() => failing.dead.length === 2, { what: 'the redriven message to be dead again' })
      equal(
        failing.runs.map(({ message, attempt, losses }) => [message.id, attempt, losses]),
        [1, 2, 1, 2].map(attempt => [ids[0], attempt, 0]),
        'id, attempt and losses of the runs before and after the redrive',
      )
      const dead = await all(broker.deadLetters(billing))
      equal(
        dead.map(({ message, attempts, errors }) => [message.id, attempts, errors.at(-1)?.attempt]),
        [[ids[0], 2, 2]],
        'id, failed runs and attempt of the last error of the dead letters',
      )
    },
  },
  {
    id: 'DLQ-14',
    title: 'a redrive that is cut short loses nothing',
    promise:
      'Wherever a process dies or a link breaks in a redrive, each message is either dead still or back; a second redrive brings the rest.',
    profile: 'full',
    budget: ({ recover, arrive, lease }) => 5 * (3 * (lease + recover) + 3 * arrive),
    async run(it) {
      for (const strike of STRIKES) {
        const [broker, adapter] = await it.openBreakable()
        const count = it.size(100)
        const { billing, failing, ids } = await deadOf(it, count)
        await failing.close()
        const cutShort: string[] = []
        const provoke = () => broker.redrive(billing).catch((error: unknown) => cutShort.push(String(error)))
        await strikeNext(it, adapter, strike, { operation: 'redrive', provoke })
        const helper = isDeadly(strike) ? await it.open() : broker
        const again = await it.collect(helper, billing)
        await helper.redrive(billing)
        const what = `${count} messages to be acked where, in a redrive, it ${strike}, and another redrive follows`
        const isOver = () => new Set(again.acked).size === count
        await it.until(isOver, { within: it.timing.lease + it.timing.recover + it.timing.arrive, what })
        sameMembers([...new Set(again.ids)], ids, `what came back where, in a redrive, it ${strike}`)
      }
    },
  },
  {
    id: 'DLQ-15',
    title: 'ids that are not dead do not stop a redrive',
    promise: 'Unknown ids, and those of messages that live, are reported as missing; the rest is put back.',
    profile: 'full',
    async run(it) {
      const { orders, broker, billing, failing, ids } = await deadOf(it, 3)
      await failing.close()
      const again = await it.collect(broker, billing)
      const [alive = ''] = await it.publish(orders, 1)
      await it.until(() => again.acked.length === 1, { what: 'a message that lives to be acked' })
      const [first = '', , third = ''] = ids
      const result = await broker.redrive(billing, { ids: ['nobody', third, alive, first] })
      equal(result.redriven, 2, 'how many were put back')
      sameMembers(result.missing, ['nobody', alive], 'what is reported as missing')
      await it.until(() => again.acked.length === 3, { what: 'the two to be acked' })
      sameMembers(again.acked.slice(1), [first, third], 'what came back')
      equal(
        await broker.redrive(billing, { ids: [first] }),
        { redriven: 0, missing: [first] },
        'a second redrive of one',
      )
    },
  },
  {
    id: 'DLQ-16',
    title: 'redriven messages queue up at the end, in the order in which they died',
    promise:
      'They come behind what waits already, and among themselves in the order of their deaths, whatever that of their publishing was.',
    profile: 'full',
    needs: 'fifo:exact',
    proves: ['fifo:exact'],
    async run(it) {
      const { orders, broker, billing, ids } = await deadInOrder(it, DEATHS)
      const waiting = await it.publish(orders, 3)
      const gate = it.gate()
      const slow = orders.subscription(billing.name, { retry: { attempts: 1 }, timeout: patience(it) })
      const again = await it.collect(broker, slow, () => gate.pass(), { prefetch: 0 })
      await it.until(() => gate.arrived === 1, { what: 'the first of those that wait to run' })
      const oldest = ids.slice(0, 2)
      equal(
        await broker.redrive(billing, { limit: 2 }),
        { redriven: 2, missing: [] },
        'redriving the two oldest deaths',
      )
      // In another order than they died in: the order of a query's ids says nothing.
      await broker.redrive(billing, { ids: ids.slice(2).toReversed() })
      gate.open()
      await untilAcked(it, 3 + ids.length, again)
      equal(again.ids, [...waiting, ...oldest, ...ids.slice(2)], 'the order: what waited, then what was redriven')
    },
  },
  {
    id: 'DLQ-19',
    title: 'what is discarded is gone',
    promise: 'Discarding deletes the dead letters that it is told to, answers how many, and nothing brings them back.',
    profile: 'full',
    async run(it) {
      const { broker, billing, failing, ids } = await deadOf(it, 4)
      await failing.close()
      const [first = '', second = ''] = ids
      equal(
        await broker.discard(billing, { ids: [second, 'nobody'] }),
        1,
        'how many of one and an unknown one it deletes',
      )
      const left = (await all(broker.deadLetters(billing))).map(({ message }) => message.id)
      equal(left, [first, ...ids.slice(2)], 'the dead letters after one was discarded')
      equal(await broker.redrive(billing, { ids: [second] }), { redriven: 0, missing: [second] }, 'redriving it')
      equal(await broker.discard(billing), 3, 'how many it deletes where it deletes all')
      equal((await all(broker.deadLetters(billing))).length, 0, 'how many dead letters are left')
      const again = await it.collect(broker, billing)
      await it.silence(again)
    },
  },
  {
    id: 'DLQ-20',
    title: 'redrives of one message at the same time bring it back once',
    promise: 'However many processes redrive a dead letter at once, it comes back once, and one of them has moved it.',
    profile: 'full',
    async run(it) {
      const { broker, billing, failing, ids } = await deadOf(it, 3)
      await failing.close()
      const brokers = [broker, await it.open(), await it.open()]
      const results = await Promise.all(brokers.map(one => one.redrive(billing)))
      const again = await it.collect(broker, billing)
      await it.until(() => again.acked.length >= 3, { what: 'three redriven messages to be acked' })
      await it.silence(again)
      sameMembers(again.ids, ids, 'what came back')
      equal(
        results.reduce((sum, { redriven }) => sum + redriven, 0),
        3,
        'how many the redrives say that they have moved, together',
      )
    },
  },
)

/** A subscription in which `count` messages have died, after so many attempts each, in the order of their publishing. */
async function deadOf(it: CaseContext, count: number, attempts = 1) {
  const orders = it.topic()
  const billing = orders.subscription('billing', { retry: { attempts, delays: [] } })
  const broker = await it.open()
  const failing: Collector = await it.collect(broker, billing, failAlways())
  const ids = await it.publish(orders, count)
  await it.until(() => failing.dead.length === count, { within: 2 * it.timing.arrive, what: `${count} to be dead` })
  return { broker, billing, failing, ids, orders }
}

/** Of messages by the order of their publishing: which is the first to die, the second and so on. */
const DEATHS: readonly number[] = [2, 0, 4, 1, 3]

/** A subscription in which messages have died one after the other, in the order that is given. Answers their ids in that order. */
async function deadInOrder(it: CaseContext, order: readonly number[]) {
  const orders = it.topic()
  const billing = orders.subscription('billing', { retry: { attempts: 1, delays: [] }, timeout: patience(it) })
  const broker = await it.open()
  const gates = order.map(() => it.gate())
  const failing = await it.collect(
    broker,
    billing,
    async ({ data }) => {
      await gates[data.n - 1]?.pass()
      throw new Error('always')
    },
    { concurrency: order.length },
  )
  const published = await it.publish(orders, order.length)
  await it.until(() => failing.running === order.length, { what: 'all of them to run' })
  for (const [index, which] of order.entries()) {
    gates[which]?.open()
    await it.until(() => failing.dead.length === index + 1, { what: `${index + 1} to be dead` })
  }
  const ids = order.map(which => published[which] ?? '')
  const dead = (await all(broker.deadLetters(billing))).map(({ message }) => message.id)
  equal(dead, ids, 'the dead letters, by the order of their deaths')
  await failing.close()
  return { broker, billing, ids, orders }
}
