import type { Broker } from '@pluribus/core'
import type { UnreliableAdapter } from '@pluribus/core/testing'
import { defineCases } from '../case/case.js'
import { closed } from '../case/closed.js'
import type { Collector } from '../case/collector.js'
import type { CaseContext } from '../case/context.js'
import { check } from '../case/expect.js'
import { oneOf } from '../case/random.js'
import type { Sample } from '../case/sample.js'
import { upTo } from '../case/up-to.js'

/** Subscriptions with handlers that take time, fail now and then, and at times for good. */
class Workload {
  readonly #it: CaseContext
  readonly topic
  readonly #subscriptions
  readonly #collectors: Collector[] = []
  /** Messages that have been handled or have failed as often as they may, by subscription. */
  readonly #done = new Map<string, Set<string>>()
  readonly ids: string[] = []

  constructor(it: CaseContext) {
    this.#it = it
    this.topic = it.topic({ partitions: 2 })
    this.#subscriptions = ['billing', 'shipping'].map(name =>
      this.topic.subscription(name, { retry: { attempts: 3, delays: [] } }),
    )
  }

  async consume(broker: Broker): Promise<void> {
    for (const subscription of this.#subscriptions) {
      const done = this.#done.get(subscription.name) ?? new Set()
      this.#done.set(subscription.name, done)
      const behaviour = async ({ id, data }: { id: string; data: Sample }, { attempt }: { attempt: number }) => {
        await this.#it.elapse(this.#it.random() * (this.#it.timing.delay / 20))
        const isDoomed = data.n % 17 === 0
        if (!isDoomed || attempt === 3) done.add(id)
        if (isDoomed || (attempt === 1 && data.n % 5 === 0)) throw new Error('not this time')
      }
      this.#collectors.push(await this.#it.collect(broker, subscription, behaviour, { concurrency: 4, prefetch: 16 }))
    }
  }

  async publish(count: number): Promise<void> {
    const isKeyed = this.#it.capabilities.keys !== 'none'
    this.ids.push(
      ...(await this.#it.publish(this.topic, count, n => (isKeyed && n % 2 === 0 ? { key: `k${n % 8}` } : {}))),
    )
  }

  /** Waits until every subscription is done with everything, then closes. */
  async end(within: number): Promise<void> {
    const isDone = (done: ReadonlySet<string>) => this.ids.every(id => done.has(id))
    await this.#it.until(() => [...this.#done.values()].every(isDone), { within, what: 'everything to be handled' })
    await closed(this.#it, ...this.#collectors)
  }
}

/** Does one of the things that happen to connections. */
function strike(it: CaseContext, link: UnreliableAdapter): void {
  const strikes = [
    () => link.cut(),
    () => link.endSources(),
    () => link.endSources(undefined, { giveBack: false }),
    () => link.loseReplies('settle'),
    () => link.loseReplies('pull'),
    () => link.failBefore('settle', { times: 2 }),
    () => link.takeLeases(),
  ]
  oneOf(it, strikes)?.()
}

/** Workloads that assert little themselves: their histories are judged. */
export const HIS_MORE = defineCases(
  {
    id: 'HIS-16',
    title: 'a workload with everything that can go wrong with a connection',
    promise:
      'Through any mix of lost connections, consumers, leases and replies, the history shows nothing that must not be.',
    profile: 'full',
    budget: ({ lease, recover }) => 6 * (lease + recover),
    async run(it) {
      const { lease, recover, delay } = it.timing
      const workload = new Workload(it)
      const opened = await Promise.all(upTo(2).map(() => it.openBreakable()))
      for (const [broker] of opened) await workload.consume(broker)
      for (const _ of upTo(8)) {
        await workload.publish(it.size(24))
        await it.elapse(it.random() * delay)
        const link = oneOf(it, opened)?.[1]
        check(link !== undefined, 'there is no link')
        strike(it, link)
      }
      for (const [, link] of opened) link.heal()
      await workload.end(4 * (lease + recover))
    },
  },
  {
    id: 'HIS-15',
    title: 'a workload in which nothing goes wrong but handlers',
    promise:
      'With failing handlers alone, everything is handed out once for each attempt, as it was published, and ends.',
    profile: 'core',
    async run(it) {
      const workload = new Workload(it)
      await workload.consume(await it.open())
      if (it.capabilities.competing === 'message') await workload.consume(await it.open())
      for (const _ of upTo(4)) {
        await workload.publish(it.size(50))
        await it.elapse(it.random() * (it.timing.delay / 4))
      }
      await workload.end(6 * it.timing.arrive)
    },
    budget: ({ arrive }) => 4 * arrive,
  },
)
