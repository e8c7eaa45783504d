import { type Discipline, fifo, lifo, priority, type SettingChange, topic } from '@pluribus/core'
import { defineCases } from '../case/case.js'
import type { CaseContext } from '../case/context.js'
import { check, equal, sameMembers } from '../case/expect.js'
import type { Sample } from '../case/sample.js'
import { untilAcked } from '../case/until-acked.js'
import type { Expression } from '../claims/expression.js'

/** Two disciplines that one name can stand for. */
const TWO: Expression = [{ not: 'fifo:none' }, { any: ['lifo:exact', 'priority:exact'] }]

/** Declared topics and subscriptions, and their conflicts. */
export const DCL = defineCases(
  {
    id: 'DCL-01',
    title: 'a stored subscription of another discipline is a conflict',
    promise: 'A subscription is what it was created as: declared with another discipline it is a CONFLICT, everywhere.',
    profile: 'core',
    guarantees: [17],
    needs: TWO,
    async run(it) {
      const orders = it.topic()
      const [one, two] = [await it.open(), await it.open()]
      const billing = orders.subscription('billing')
      const seen = await it.collect(one, billing)
      const different = orders.subscription('billing', { discipline: another(it) })
      for (const broker of [one, two]) await it.rejects('CONFLICT', () => broker.declare(different))
      const error = await it.rejects('CONFLICT', () => two.subscribe(different, () => {}))
      check(error.message.includes(orders.name), `the conflict does not name ${orders.name}: ${error.message}`)
      equal((await stored(it, orders.name))?.discipline.kind, 'fifo', 'the discipline that is stored afterwards')
      const ids = await it.publish(orders, 2)
      await it.until(() => seen.acked.length === 2, { what: 'the consumer that was there to go on' })
      equal(seen.acked, ids, 'what it acked')
    },
  },
  {
    id: 'DCL-02',
    title: 'other levels of priority are a conflict',
    promise: 'Levels of priority are fixed when a subscription is created.',
    profile: 'full',
    guarantees: [17],
    needs: 'priority:exact',
    refusal: 'REF-priority',
    async run(it) {
      const most = Math.min(10, it.capabilities.priorityLevels)
      const orders = it.topic()
      const [one, two] = [await it.open(), await it.open()]
      await one.declare(orders.subscription('billing', { discipline: priority({ levels: most }) }))
      const different = orders.subscription('billing', { discipline: priority({ levels: most - 1 }) })
      await it.rejects('CONFLICT', () => two.declare(different))
      await it.rejects('CONFLICT', () => two.subscribe(different, () => {}))
      equal((await stored(it, orders.name))?.discipline.levels, most, 'the levels that are stored afterwards')
    },
  },
  {
    id: 'DCL-03',
    title: 'other partitions are a conflict, for publishers too',
    promise:
      'Partitions are fixed when a topic is created; a publish to a topic of others is refused, and surely not stored.',
    profile: 'core',
    guarantees: [1, 17],
    async run(it) {
      const orders = it.topic()
      const [one, two] = [await it.open(), await it.open()]
      const seen = await it.collect(one, orders.subscription('billing'))
      const different = topic<Sample>(orders.name, { partitions: 4 })
      await it.rejects('CONFLICT', () => two.declare(different))
      await it.rejects('CONFLICT', () =>
        two.subscribe(different.subscription('billing', { retry: { delays: [] } }), () => {}),
      )
      for (const broker of [one, two]) {
        const error = await it.rejects('CONFLICT', () => broker.publish(different, { n: 1 }))
        equal(error.outcome, 'definite', 'the outcome of a publish to a topic in conflict')
      }
      const { id } = await two.publish(orders, { n: 2 })
      await it.until(() => seen.acked.length > 0, { what: 'what is published as stored to come' })
      equal(seen.ids, [id], 'what came')
    },
  },
  {
    id: 'DCL-04',
    title: 'every other setting is overwritten, and each is told',
    promise: 'A declaration that differs in retry, timeout, grace or retention wins, and says what it has overwritten.',
    profile: 'core',
    guarantees: [17],
    async run(it) {
      const { delay, timeout } = it.timing
      const orders = it.topic()
      const [one, two] = [await it.open(), await it.open()]
      await one.declare(orders.subscription('billing', { timeout, grace: timeout, retry: { attempts: 2, delays: [] } }))
      const changes: SettingChange[] = []
      two.on('setting.changed', change => void changes.push(change))
      const changed = topic<Sample>(orders.name, { retention: { age: '30d' } }).subscription('billing', {
        ...{ timeout: 2 * timeout, grace: 3 * timeout },
        retry: { attempts: 3, delays: [Math.min(delay, it.capabilities.limits.hold)] },
      })
      await two.declare(changed)
      const told = changes.map(({ subscription, setting }) => `${subscription ?? 'topic'} ${setting}`)
      sameMembers(told, ['topic retention', 'billing retry', 'billing timeout', 'billing grace'], 'what was told')
      const timeouts = changes.find(({ setting }) => setting === 'timeout')
      equal([timeouts?.from, timeouts?.to], [timeout, 2 * timeout], 'the timeout before and after')
      const now = await stored(it, orders.name)
      equal(
        [now?.timeout, now?.grace, now?.retry],
        [2 * timeout, 3 * timeout, changed.spec.retry],
        'what is stored now',
      )
      changes.length = 0
      await two.declare(changed)
      equal(changes, [], 'what is told when the same is declared again')
    },
  },
  {
    id: 'DCL-05',
    title: 'of those that declare a name at once, one wins and the others are told',
    promise: 'When processes create one subscription in two ways at once, it is created once; the others get CONFLICT.',
    profile: 'full',
    guarantees: [17],
    needs: TWO,
    async run(it) {
      const orders = it.topic()
      const kinds = [fifo(), another(it), fifo(), another(it)]
      const brokers = await Promise.all(kinds.map(() => it.open()))
      const results = await Promise.allSettled(
        brokers.map((broker, index) =>
          broker.declare(orders.subscription('billing', { discipline: kinds[index] as Discipline })),
        ),
      )
      const kept = (await stored(it, orders.name))?.discipline.kind
      for (const [index, result] of results.entries()) {
        const expected = kinds[index]?.kind === kept ? 'created' : 'CONFLICT'
        const found = result.status === 'fulfilled' ? 'created' : (result.reason as { code?: string }).code
        equal(found, expected, `what process ${index + 1} was told, which declared ${kinds[index]?.kind}`)
      }
    },
  },
  {
    id: 'DCL-06',
    title: 'what is declared keeps messages, without a consumer',
    promise: 'A subscription that has only been declared gets everything that is published from then on.',
    profile: 'core',
    guarantees: [12],
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const declaring = await it.open()
      await declaring.declare(billing)
      await declaring.declare(billing)
      await declaring.close()
      const ids = await it.publish(orders, 3)
      const seen = await it.collect(await it.open(), billing)
      await untilAcked(it, 3, seen)
      equal(seen.ids, ids, 'what came')
    },
  },
)

/** A discipline that is not fifo. */
const another = ({ capabilities }: CaseContext): Discipline =>
  capabilities.lifo === 'exact' ? lifo() : priority({ levels: 2 })

/** The subscription of a topic that has one, as it is stored. */
async function stored(it: CaseContext, name: string) {
  const [spec] = await (await it.connect()).persistence.subscriptions(name)
  return spec
}
