import { bytes } from '@pluribus/core'
import { defineCases } from '../case/case.js'
import type { CaseContext } from '../case/context.js'
import { check, equal } from '../case/expect.js'
import { activeResources } from '../case/resources.js'
import { untilAcked } from '../case/until-acked.js'
import { upTo } from '../case/up-to.js'

/** What may come and go by itself meanwhile. */
const SLACK = 2

/** Nothing that keeps the process alive is left of what was done again and again. */
function leavesNothing(before: number, after: number, what: string): void {
  check(after <= before + SLACK, `${what} took the open sockets, timers and requests from ${before} to ${after}`)
}

const openSources = ({ history }: CaseContext): number => {
  const ended = new Set(history.events.flatMap(event => (event.kind === 'end' ? [event.source] : [])))
  return history.events.filter(event => event.kind === 'open' && !ended.has(event.source)).length
}

/** What is left behind. Timers are looked at after every case. */
export const LEK = defineCases(
  {
    id: 'LEK-01',
    title: 'consumers that come and go leave nothing',
    promise: 'Subscribing, consuming and closing again and again leaves no source, socket or timer.',
    profile: 'full',
    exclusive: true,
    budget: ({ close }) => 2 * close,
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const visit = async () => {
        const seen = await it.collect(broker, orders.subscription('billing'))
        await it.publish(orders, 1)
        await untilAcked(it, 1, seen)
        await seen.close()
      }
      await visit()
      const before = activeResources()
      for (const _ of upTo(it.size(10))) await visit()
      equal(openSources(it), 0, 'the sources that are still open')
      leavesNothing(before, activeResources(), 'consumers that came and went')
    },
  },
  {
    id: 'LEK-03',
    title: 'reconnecting leaves nothing',
    promise: 'A connection that is replaced again and again leaves no socket and no timer of the ones before.',
    profile: 'full',
    exclusive: true,
    budget: ({ recover }) => 6 * recover,
    async run(it) {
      const orders = it.topic()
      const [broker, link] = await it.openBreakable()
      const seen = await it.collect(broker, orders.subscription('billing'))
      const reconnect = async () => {
        const generation = link.generation
        link.cut()
        // What the cut has left open inside belongs to the one who cut.
        await link.dispose()
        const back = () => link.generation > generation
        await it.until(back, { within: it.timing.recover, what: 'another connection' })
        const { length } = seen.acked
        await broker.publish(orders, { n: 1 })
        await it.until(() => seen.acked.length > length, { within: it.timing.recover, what: 'the consumer to go on' })
      }
      await reconnect()
      const before = activeResources()
      for (const _ of upTo(4)) await reconnect()
      leavesNothing(before, activeResources(), 'reconnecting')
    },
  },
  {
    id: 'LEK-05',
    title: 'what was refused takes no room',
    promise: 'Publishes that have failed no longer count as pending: the whole of `maxPending` is there for the next.',
    profile: 'full',
    async run(it) {
      const blobs = it.topic({ codec: bytes })
      const maxPending = 20_000
      const [broker, link] = await it.openBreakable({ maxPending })
      const heal = link.failMessages(({ topic }) => topic === blobs.name, 'definite', { times: 20 })
      const payload = new Uint8Array(maxPending / 4)
      for (const _ of upTo(20)) {
        const failure = await broker.publish(blobs, payload).then(
          () => undefined,
          (error: unknown) => error,
        )
        check(failure !== undefined, 'a publish that the broker had refused resolved')
      }
      heal()
      await Promise.all(upTo(3).map(() => broker.publish(blobs, payload)))
      const seen = await it.collect(broker, blobs.subscription('billing'))
      await untilAcked(it, 3, seen)
    },
  },
)
