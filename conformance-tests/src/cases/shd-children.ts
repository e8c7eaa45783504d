import { defineCases } from '../case/case.js'
import type { CaseContext } from '../case/context.js'
import { check, equal, sameMembers } from '../case/expect.js'
import type { Actor } from '../child/actor.js'
import type { ActorWork } from '../child/order.js'

/** Closing one process of several. */
export const SHD_CHILDREN = defineCases({
  id: 'SHD-13',
  title: 'processes that share a broker are closed while others publish and consume',
  promise:
    'Closing a process costs the others nothing: none of their publishes fails or is in doubt, and nothing that they handle is run twice.',
  profile: 'full',
  guarantees: [1, 2, 13],
  needs: ['competing:message', 'settle:stored', { not: 'durability:memory' }],
  proves: ['settle:stored'],
  hooks: ['children'],
  budget: ({ arrive, close, recover }) => 6 * arrive + 2 * close + 2 * recover,
  async run(it) {
    const { arrive, close, recover } = it.timing
    const orders = it.topic()
    const billing = orders.subscription('billing')
    // Whoever comes first may have a part that the others depend on, and then whoever is left.
    const leaving = [await calm(it), await calm(it)]
    const staying = [await calm(it), await calm(it)]
    const all = [...leaving, ...staying]
    for (const child of all) await child.subscribe(billing, briefly(it), { concurrency: 4, prefetch: 8 })
    const count = it.size(400)
    // Without ids of their own: what is in doubt stays so, and is told to whoever has published it.
    const publishing = staying.map(child => child.publish(orders, count, { first: FIRST }))
    // Awaited below: until then nobody is to take it for unhandled.
    for (const one of publishing) one.catch(() => {})
    const acked = () => new Set(all.flatMap(child => child.acked))
    for (const child of leaving) {
      const before = acked().size
      const what = `${before + count / 10} messages to be acked`
      await it.until(() => acked().size >= before + count / 10, { within: recover + arrive, what })
      await child.close()
      await it.until(() => child.isOver, { within: close, what: 'the process to end after its broker was closed' })
      equal(await child.exited, { code: 0, signal: null }, 'how the process has ended')
    }
    await Promise.all(publishing)
    const ids = staying.flatMap(child => child.receipts.map(({ id }) => id))
    await it.until(() => acked().size === ids.length, {
      within: recover + 3 * arrive,
      what: `all ${ids.length} messages to be acked`,
    })
    check(ids.length === 2 * count, `${ids.length} publishes have succeeded, of ${2 * count}`)
    sameMembers(runsOf(all), ids, 'the runs in all processes: each message once')
  },
})

/** A process whose leases outlast whatever a busy machine keeps it waiting: no lease is lost here but by closing. */
const calm = (it: CaseContext): Promise<Actor> => it.child({ lease: 20 * it.timing.lease })

/** Numbers that a handler at work fails for none of. */
const FIRST = 2
const NEVER = 2 ** 20

/** Takes its time, so that something is running whenever somebody closes. */
const briefly = (it: CaseContext): ActorWork => ({ does: 'work', takes: it.timing.quiet / 10, fails: NEVER })

const runsOf = (children: readonly Actor[]) => children.flatMap(child => child.runs.map(({ id }) => id))
