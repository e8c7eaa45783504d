import { defineCases } from '../case/case.js'
import { check, equal } from '../case/expect.js'
import { needsLeases } from '../case/leases.js'

/** Leases where consumers compete by partition: what is held goes elsewhere only together with its partition. */
export const LSE_PARTITION = defineCases(
  {
    id: 'LSE-20',
    title: 'where consumers compete by partition, what is not renewed comes back to whoever has the partition',
    promise:
      'A delivery whose lease has ended is told to be lost, and handed out again, also to the one that let it lapse.',
    profile: 'core',
    needs: 'competing:partition',
    budget: ({ lease, redeliver }) => 2 * (lease + redeliver),
    async run(it) {
      const { timing } = it
      const orders = it.topic()
      const holder = await it.consume(orders.subscription('billing'))
      needsLeases(it)
      const [id] = await it.publish(orders, 1)
      const asked = it.clock.monotonic()
      const held = await holder.next()
      const again = await holder.next(timing.lease + timing.redeliver)
      const passed = it.clock.monotonic() - asked
      check(passed >= timing.lease, `a lease of ${timing.lease} ms was over after ${passed} ms`)
      const told = [...holder.lost, ...(await holder.renew(held))]
      check(told.includes(held.token), 'the delivery whose lease has ended was not told to be lost')
      equal([again.message.id, again.attempt], [id, 1], 'what came back, and its attempt')
      equal(await holder.ack(again), [], 'exceptions of the ack')
    },
  },
  {
    id: 'LSE-21',
    title: 'what goes to another process with its partition is told to be lost',
    promise: 'Whoever holds a delivery hears that its partition, and the delivery with it, is somebody else’s now.',
    profile: 'core',
    needs: 'competing:partition',
    budget: ({ recover, lease }) => 2 * recover + lease,
    async run(it) {
      const { lease, recover } = it.timing
      const count = it.size(40)
      const orders = it.topic({ partitions: 4 })
      const billing = orders.subscription('billing')
      const holder = await it.consume(billing)
      await it.publish(orders, count)
      const held = await holder.take(count)
      const other = await it.consume(billing)
      const [moved] = await other.takeSome(1, recover)
      const { token } = held.find(({ message }) => message.id === moved?.message.id) ?? {}
      check(token !== undefined, 'the other one got what the first one had not had')
      // At once, or when it renews; and in any case sooner than a lease that begins now would have ended.
      if ((await holder.renew(...held)).includes(token)) return
      await it.until(() => holder.lost.includes(token), {
        within: lease / 2,
        what: 'the first one to be told that it has lost what another one was given',
      })
    },
  },
)
