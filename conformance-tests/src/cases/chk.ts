import { lifo, priority, type Subscription, type SubscriptionOptions } from '@pluribus/core'
import type { Capabilities } from '@pluribus/core/driver'
import { defineCases } from '../case/case.js'
import type { CaseContext } from '../case/context.js'
import { check, equal } from '../case/expect.js'

/** `broker.check`: what would be refused, without touching anything. */
export const CHK = defineCases(
  {
    id: 'CHK-01',
    title: 'nothing that is claimed is refused, and asking touches nothing',
    promise: 'What an adapter claims, `check` has nothing against; it creates nothing. Then all of it can be declared.',
    profile: 'core',
    guarantees: [10],
    async run(it) {
      const orders = it.topic()
      const [first] = await it.publish(orders, 1)
      const others = it.topic()
      const subscriptions = [...offered(it, first ?? '')].map(([name, options]) =>
        // Only the topic of the message exists.
        (name === 'from-id' ? orders : others).subscription(name, options),
      )
      const broker = await it.open()
      equal(broker.check(...subscriptions), [], 'what is refused of what is claimed')
      const topics = await (await it.connect()).persistence.topics()
      check(!topics.some(({ name }) => name === others.name), 'checking has created the topic')
      await broker.declare(...subscriptions)
    },
  },
  {
    id: 'CHK-02',
    title: 'everything that is not claimed is listed, as subscribing would refuse it',
    promise:
      'Each refusal names who asks, the capability and the adapter; subscribing is refused for the same; nothing is done.',
    profile: 'core',
    guarantees: [10],
    needs: {
      any: [
        { not: 'lifo:exact' },
        { not: 'priority:exact' },
        { not: 'from:latest' },
        { not: 'from:time' },
        { not: 'from:id' },
      ],
    },
    async run(it) {
      const asked = unclaimed(it)
      const broker = await it.open()
      const refusals = broker.check(...asked.map(({ subscription }) => subscription))
      equal(
        refusals.map(({ subject, capability }) => [subject, capability]),
        asked.map(({ subscription: { topic, name }, capability }) => [`${topic.name}/${name}`, capability]),
        'subjects and capabilities of the refusals',
      )
      for (const [index, { subscription, capability }] of asked.entries()) {
        const { message = '' } = refusals[index] ?? {}
        check(message.includes(it.adapter), `a refusal does not name the adapter ${it.adapter}: ${message}`)
        await it.refuses(capability, refusing => refusing.subscribe(subscription, () => {}))
      }
      const topics = await (await it.connect()).persistence.topics()
      equal(
        topics.filter(({ name }) => asked.some(({ subscription }) => subscription.topic.name === name)),
        [],
        'what was created',
      )
    },
  },
)

/** What these capabilities allow to ask for, by name. */
function* offered({ capabilities, timing }: CaseContext, id: string): Iterable<[string, SubscriptionOptions]> {
  const { fifo, lifo: latest, priority: largest, priorityLevels, from, limits } = capabilities
  if (fifo === 'exact') yield ['fifo', {}]
  if (latest !== 'none') yield ['lifo', { discipline: lifo({ atLeast: latest }) }]
  const levels = Math.min(256, priorityLevels)
  if (largest !== 'none') yield ['priority', { discipline: priority({ atLeast: largest, levels }) }]
  yield ['ladder', { retry: { delays: [Math.min(timing.delay, limits.hold)] } }]
  if (from.includes('earliest')) yield ['from-earliest', { from: 'earliest' }]
  if (from.includes('latest')) yield ['from-latest', { from: 'latest' }]
  if (from.includes('time')) yield ['from-time', { from: { time: 0 } }]
  if (from.includes('id')) yield ['from-id', { from: { id } }]
}

interface Unclaimed {
  readonly subscription: Subscription<unknown>
  readonly capability: keyof Capabilities
}

/** Subscriptions that each ask for one thing that is not claimed. */
function unclaimed(it: CaseContext): readonly Unclaimed[] {
  const { lifo: latest, priority: largest, priorityLevels, from } = it.capabilities
  const asked: Unclaimed[] = []
  const ask = (capability: keyof Capabilities, options: SubscriptionOptions) =>
    asked.push({ subscription: it.topic().subscription('billing', options), capability })
  if (latest !== 'exact') ask('lifo', { discipline: lifo() })
  if (largest !== 'exact') ask('priority', { discipline: priority({ levels: 2 }) })
  else if (priorityLevels < 256) ask('priorityLevels', { discipline: priority({ levels: priorityLevels + 1 }) })
  if (!from.includes('latest')) ask('from', { from: 'latest' })
  if (!from.includes('time')) ask('from', { from: { time: 0 } })
  if (!from.includes('id')) ask('from', { from: { id: 'nobody' } })
  return asked
}
