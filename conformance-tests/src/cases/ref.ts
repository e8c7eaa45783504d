import { fifo, lifo, priority, type Subscription, type SubscriptionOptions } from '@pluribus/core'
import { all } from '../case/all.js'
import { defineCases } from '../case/case.js'
import type { CaseContext } from '../case/context.js'

const subscription = (it: CaseContext, options: SubscriptionOptions): Subscription<unknown> =>
  it.topic().subscription('billing', options)

/** Subscribing with these options is refused. */
const refusesTo = (it: CaseContext, capability: Parameters<CaseContext['refuses']>[0], options: SubscriptionOptions) =>
  it.refuses(capability, broker => broker.subscribe(subscription(it, options), () => {}))

/** Probes: what is not claimed is refused by an error that names it, before anything is done. */
export const REF = defineCases(
  {
    id: 'REF-fifo',
    title: 'fifo is refused',
    promise: 'Where there is no order of publishing, subscribing with fifo is refused.',
    profile: 'core',
    needs: 'fifo:none',
    run: it => refusesTo(it, 'fifo', { discipline: fifo() }),
  },
  {
    id: 'REF-lifo',
    title: 'exact lifo is refused',
    promise: 'Where lifo is not exact, subscribing with it is refused.',
    profile: 'core',
    needs: { not: 'lifo:exact' },
    run: it => refusesTo(it, 'lifo', { discipline: lifo() }),
  },
  {
    id: 'REF-lifo-windowed',
    title: 'windowed lifo is refused',
    promise: 'Where there is no lifo at all, subscribing with it is refused, windowed or not.',
    profile: 'full',
    needs: 'lifo:none',
    run: it => refusesTo(it, 'lifo', { discipline: lifo({ atLeast: 'windowed' }) }),
  },
  {
    id: 'REF-priority',
    title: 'exact priority is refused',
    promise: 'Where priority is not exact, subscribing with it is refused.',
    profile: 'core',
    needs: { not: 'priority:exact' },
    run: it => refusesTo(it, 'priority', { discipline: priority({ levels: 2 }) }),
  },
  {
    id: 'REF-priority-windowed',
    title: 'windowed priority is refused, and so is a priority',
    promise:
      'Where there is no priority at all, neither a subscription by priority nor a message with one is accepted.',
    profile: 'core',
    needs: 'priority:none',
    async run(it) {
      await refusesTo(it, 'priority', { discipline: priority({ levels: 2, atLeast: 'windowed' }) })
      await it.refuses('priority', broker => broker.publish(it.topic(), { n: 1 }, { priority: 1 }))
    },
  },
  {
    id: 'REF-keys',
    title: 'ordering keys are refused',
    promise: 'Where keys are not kept in order, a message with a key is refused.',
    profile: 'core',
    needs: 'keys:none',
    run: it => it.refuses('keys', broker => broker.publish(it.topic(), { n: 1 }, { key: 'k' })),
  },
  {
    id: 'REF-delay',
    title: 'delays are refused',
    promise: 'Where there are no delays, neither a delayed message nor a ladder of delays is accepted.',
    profile: 'core',
    needs: 'delay:none',
    async run(it) {
      await it.refuses('delay', broker => broker.publish(it.topic(), { n: 1 }, { delay: it.timing.delay }))
      await refusesTo(it, 'delay', { retry: { delays: [it.timing.delay] } })
    },
  },
  {
    id: 'REF-history',
    title: 'history is refused',
    promise: 'Where handled messages cannot be read again, history is refused.',
    profile: 'full',
    needs: 'history:none',
    run: it => it.refuses('history', broker => all(broker.history(it.topic()))),
  },
  {
    id: 'REF-from-latest',
    title: 'a start at the latest is refused',
    promise: 'Where a subscription cannot start at the end, that is refused.',
    profile: 'full',
    needs: { not: 'from:latest' },
    run: it => refusesTo(it, 'from', { from: 'latest' }),
  },
  {
    id: 'REF-from-time',
    title: 'a start at a time is refused',
    promise: 'Where a subscription cannot start at a time, that is refused.',
    profile: 'full',
    needs: { not: 'from:time' },
    run: it => refusesTo(it, 'from', { from: { time: it.clock.now() } }),
  },
  {
    id: 'REF-from-id',
    title: 'a start at a message is refused',
    promise: 'Where a subscription cannot start at a message, that is refused.',
    profile: 'full',
    needs: { not: 'from:id' },
    run: it => refusesTo(it, 'from', { from: { id: 'some-message' } }),
  },
  {
    id: 'REF-transactions',
    title: 'there are no transactions',
    promise: 'Nothing of the API takes a transaction while none is claimed: an option of that name is refused.',
    profile: 'full',
    needs: 'transactions:none',
    async run(it) {
      const broker = await it.open()
      const options = { transaction: {} } as object
      await it.rejects('INVALID_ARGUMENT', () => broker.publish(it.topic(), { n: 1 }, options))
    },
  },
)
