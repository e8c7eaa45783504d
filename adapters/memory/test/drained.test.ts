import type { Discipline } from '@pluribus/core/driver'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Follower } from './follower.js'
import { type Bench, bench, LEASE, message, spec, topicSpec } from './kit.js'

type Step =
  | {
      readonly kind: 'publish'
      readonly messages: readonly {
        readonly key: string | undefined
        readonly delay: number
        readonly priority: number
      }[]
    }
  | { readonly kind: 'pull' | 'close' | 'open' | 'forget' | 'replace' | 'lose'; readonly who: number }
  | {
      readonly kind: 'settle'
      readonly who: number
      readonly how: 'ack' | 'retry' | 'release' | 'reject'
      readonly delay: number
    }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'redrive' }

const who = fc.nat(2)
const delay = fc.constantFrom(0, 0, 1, 100, 5_000)
const outgoing = fc.record({ key: fc.constantFrom(undefined, 'k', 'l'), delay, priority: fc.nat(3) })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('publish' as const), messages: fc.array(outgoing, { maxLength: 4 }) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('pull' as const), who }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      who,
      how: fc.constantFrom('ack', 'ack', 'retry', 'release', 'reject'),
      delay,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('close', 'open', 'forget', 'replace', 'lose'), who }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(1, 99, 5_000, LEASE) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('redrive' as const) }) },
)
const disciplines: readonly Discipline[] = [
  { kind: 'fifo', levels: 1, atLeast: 'exact' },
  { kind: 'lifo', levels: 1, atLeast: 'exact' },
  { kind: 'priority', levels: 3, atLeast: 'exact' },
]

/** Three followers of one subscription, and what has become of the messages. */
class Scenario {
  readonly acked: string[] = []
  published = 0
  readonly #bench: Bench
  readonly #subscription: ReturnType<typeof spec>
  readonly #followers: readonly Follower[]

  constructor(setup: Bench, subscription: ReturnType<typeof spec>, rooms: readonly number[]) {
    this.#bench = setup
    this.#subscription = subscription
    this.#followers = rooms.map(room => new Follower(setup, room))
  }

  async run(step: Step): Promise<void> {
    const { connection, clock } = this.#bench
    if (step.kind === 'publish') {
      const batch = step.messages.map(changes => message(`m${this.published++}`, changes))
      await connection.publisher.publish(batch)
    } else if (step.kind === 'pass') clock.pass(step.ms)
    else if (step.kind === 'redrive') await connection.persistence.redrive({ subscription: this.#subscription })
    else await this.#follow(this.#followers[step.who] as Follower, step)
  }

  /** Nobody idles while something is ready, unless somebody else is about to pull. */
  check(): void {
    const { store, clock } = this.#bench
    const queue = store.topics.get(this.#subscription.topic)?.find(this.#subscription.name)?.queue
    queue?.nextDue()
    if (!queue?.hasReady(clock.monotonic()) || !this.#followers.some(follower => follower.isFree)) return
    expect(this.#followers.some(follower => follower.wantsToPull)).toBe(true)
  }

  async #follow(follower: Follower, step: Step & { readonly who: number }): Promise<void> {
    if (step.kind === 'pull') await follower.pull()
    else if (step.kind === 'close') await follower.close()
    else if (step.kind === 'forget') follower.forget()
    else if (step.kind === 'lose') await follower.lose()
    else if (step.kind === 'replace' || (step.kind === 'open' && !follower.isOpen))
      await follower.open(this.#subscription, `i${step.who}`)
    else if (step.kind === 'settle') await this.#settle(follower, step.how, step.delay)
  }

  async #settle(follower: Follower, how: 'ack' | 'retry' | 'release' | 'reject', delay: number): Promise<void> {
    const id = await follower.settle(how, delay)
    if (id !== undefined) this.acked.push(id)
  }

  /** Lets time pass only where nobody has anything to do, and only to where somebody was told to look again. */
  async drain(): Promise<void> {
    const { clock } = this.#bench
    await this.#bench.connection.persistence.redrive({ subscription: this.#subscription })
    if (!this.#followers.some(follower => follower.isOpen)) await this.#followers[0]?.open(this.#subscription, 'i0')
    for (let turn = 0; turn < 10_000; turn++) {
      const busy = this.#followers.filter(follower => follower.wantsToPull || follower.held.length > 0)
      for (const follower of busy) {
        await follower.pull()
        if (follower.isOpen) await this.#settle(follower, 'ack', 0)
      }
      this.check()
      if (busy.length > 0) continue
      const next = Math.min(...this.#followers.filter(({ isOpen }) => isOpen).map(({ pullAt }) => pullAt))
      if (next === Number.POSITIVE_INFINITY) return
      clock.pass(Math.max(0, next - clock.monotonic()))
    }
    throw new Error('The followers never came to rest.')
  }
}

test('three sources that pull only when they are told to handle everything, whatever happens in between', async () => {
  const rooms = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }))
  const scenario = async (discipline: Discipline, sizes: readonly number[], steps: readonly Step[]) => {
    const setup = await bench()
    const subscription = spec('billing', { discipline })
    await setup.connection.declare([topicSpec()], [subscription])
    const scenario = new Scenario(setup, subscription, sizes)
    for (const who of [0, 1, 2]) await scenario.run({ kind: 'open', who })
    for (const step of steps) {
      await scenario.run(step)
      scenario.check()
    }
    await scenario.drain()
    const counts = await setup.connection.persistence.counts(subscription)
    expect(counts).toEqual({ waiting: 0, leased: 0, retrying: 0, scheduled: 0, dead: 0 })
    expect([...scenario.acked].sort()).toEqual(
      Array.from({ length: scenario.published }, (_, index) => `m${index}`).sort(),
    )
  }
  const steps = fc.array(step, { minLength: 10, maxLength: 60, size: 'max' })
  await fc.assert(fc.asyncProperty(fc.constantFrom(...disciplines), rooms, steps, scenario), { numRuns: 2_000 })
})
