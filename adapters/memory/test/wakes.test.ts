import type { Delivery, Discipline } from '@pluribus/core/driver'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Sleeper, StandingDemand } from '../src/demand.js'
import { type Bench, bench, failure, LEASE, message, open, settleOne, spec, topicSpec } from './kit.js'

describe('wake-ups', () => {
  async function sleeping(count: number) {
    const setup = await bench()
    await setup.connection.declare([topicSpec()], [spec()])
    const sources = await Promise.all(Array.from({ length: count }, () => open(setup.connection)))
    const wakes = () => sources.map(source => source.told.wakes)
    const publish = (...ids: string[]) => setup.connection.publisher.publish(ids.map(id => message(id, { key: 'k' })))
    return { ...setup, sources, wakes, publish, first: sources[0] as never as (typeof sources)[number] }
  }

  test('a source is woken once until it pulls again', async () => {
    const { first, publish, wakes } = await sleeping(1)
    await publish('a')
    expect(wakes()).toEqual([0])
    await first.drain()
    await publish('b')
    await publish('c')
    expect(wakes()).toEqual([1])
    await first.drain()
    await publish('d')
    expect(wakes()).toEqual([2])
  })

  test('a source that got all it asked for waits for nothing', async () => {
    const { first, publish, wakes } = await sleeping(1)
    await publish('a')
    await first.pull(1)
    await publish('b')
    expect(wakes()).toEqual([0])
  })

  test('as many are woken as want the messages, in turn', async () => {
    const { sources, connection, wakes } = await sleeping(3)
    const publish = (count: number) =>
      connection.publisher.publish(Array.from({ length: count }, (_, index) => message(`m${index}`)))
    for (const source of sources) await source.pull(2)
    await publish(1)
    expect(wakes()).toEqual([1, 0, 0])
    await publish(3)
    expect(wakes()).toEqual([1, 1, 1])
  })

  test('who pulls less than there is hands the wake-up on', async () => {
    const { sources, connection, wakes } = await sleeping(2)
    for (const source of sources) await source.pull(2)
    await connection.publisher.publish([message('a'), message('b')])
    expect(wakes()).toEqual([1, 0])
    await sources[0]?.pull(1)
    expect(wakes()).toEqual([1, 1])
  })

  test('a batch wakes the consumers of every topic in it', async () => {
    const { first, connection, wakes } = await sleeping(1)
    await connection.declare([topicSpec('other')], [spec('billing', { topic: 'other' })])
    const other = await open(connection, spec('billing', { topic: 'other' }))
    await first.pull()
    await other.pull()
    await connection.publisher.publish([message('a'), message('b', { topic: 'other' })])
    expect(wakes()).toEqual([1])
    expect(other.told.wakes).toBe(1)
  })

  test('who leaves the turn leaves it to the next', async () => {
    const demand = new StandingDemand()
    const woken: string[] = []
    const sleepers = ['a', 'b', 'c'].map(name => new Sleeper(() => woken.push(name)))
    for (const sleeper of sleepers) demand.join(sleeper)
    for (const sleeper of sleepers) demand.sleep(sleeper, 1, 0)
    for (const sleeper of sleepers) demand.sleep(sleeper, 1, 0)
    expect(demand.asleep).toBe(3)
    demand.wake(1)
    demand.leave(sleepers[0] as Sleeper)
    demand.wake(1)
    expect(woken).toEqual(['a', 'b'])
    expect(demand.asleep).toBe(1)
  })

  test('who stops at a suspect is told that there is more, and another one is woken for it', async () => {
    const { first, sources, connection, clock, connect } = await sleeping(2)
    const other = await open(await connect('b'))
    await connection.publisher.publish([message('a')])
    for (const source of [first, other]) {
      await source.pull()
      clock.pass(LEASE)
    }
    await connection.publisher.publish([message('b')])
    await sources[1]?.pull(0)
    const before = first.told.wakes
    expect(await first.source.pull(9)).toMatchObject({ deliveries: [{ suspect: true }], more: true })
    expect(first.told.wakes).toBe(before)
  })

  test('who wants nothing any more hands the wake-up on, and so does who closes', async () => {
    const { sources, connection, wakes } = await sleeping(3)
    for (const source of sources) await source.pull(2)
    await connection.publisher.publish([message('a')])
    expect(wakes()).toEqual([1, 0, 0])
    await sources[0]?.pull(0)
    expect(wakes()).toEqual([1, 1, 0])
    await sources[1]?.source.close()
    expect(wakes()).toEqual([1, 1, 1])
  })

  test.each(['ack', 'retry', 'release', 'reject'] as const)(
    '%s wakes who waits for the key or the message',
    async how => {
      const { first, sources, publish, wakes } = await sleeping(2)
      await publish('a', 'b')
      const [a] = await first.pull(1)
      expect(await sources[1]?.ids()).toEqual([])
      if (how === 'ack') await first.ack(a as never)
      else await settleOne(first, a as never, how)
      expect(wakes()).toEqual([0, 1])
      expect(await sources[1]?.ids()).toEqual([how === 'ack' || how === 'reject' ? 'b' : 'a'])
    },
  )

  test('a retry that is due before anything else wakes who would sleep longer', async () => {
    const { first, sources, publish, wakes } = await sleeping(2)
    await publish('a')
    const [a] = await first.pull(1)
    expect(await sources[1]?.source.pull(1)).toEqual({ deliveries: [], dueIn: LEASE })
    await settleOne(first, a as never, 'retry', 100)
    expect(wakes()).toEqual([0, 1])
    expect(await sources[1]?.source.pull(1)).toEqual({ deliveries: [], dueIn: 100 })
  })

  test('a lease that another source takes wakes who would sleep beyond its end', async () => {
    const { first, sources, publish, wakes } = await sleeping(2)
    await sources[1]?.pull(1)
    await publish('a')
    expect(wakes()).toEqual([0, 1])
    await sources[1]?.pull(0)
    await sources[1]?.pull(1)
    await publish('b')
    expect(await first.source.pull(1)).toEqual({ deliveries: [], dueIn: LEASE })
  })
})

/**
 * A consumer that does only what the contract promises: it pulls when it is woken, when `dueIn` has passed, when it is
 * told that there is more, and when it was filled and has room again. If a wake-up is missing, it stops for ever.
 */
class Follower {
  readonly held: Delivery[] = []
  pullAt = 0
  readonly #bench: Bench
  readonly #room: number
  #source: Awaited<ReturnType<Bench['connection']['subscriber']['open']>> | undefined
  #full = false

  constructor(setup: Bench, room: number) {
    this.#bench = setup
    this.#room = room
  }

  get isOpen(): boolean {
    return this.#source !== undefined
  }

  async open(subscription: ReturnType<typeof spec>, instance: string): Promise<void> {
    const connection = await this.#bench.connect(instance)
    const wake = () => {
      this.pullAt = 0
    }
    const events = { wake, lost() {}, ended() {} }
    this.pullAt = 0
    this.#full = false
    this.#source = await connection.subscriber.open(subscription, { window: this.#room, lease: LEASE }, events)
  }

  get wantsToPull(): boolean {
    const alone = this.held.some(delivery => delivery.suspect)
    const due = this.#full || this.pullAt <= this.#bench.clock.monotonic()
    return this.isOpen && !alone && due && this.held.length < this.#room
  }

  async pull(): Promise<void> {
    if (!this.wantsToPull || this.#source === undefined) return
    const room = this.#room - this.held.length
    this.pullAt = Number.POSITIVE_INFINITY
    const { deliveries, dueIn, more } = await this.#source.pull(room)
    this.held.push(...deliveries)
    this.#full = deliveries.length === room || more === true
    if (dueIn !== undefined) this.pullAt = Math.min(this.pullAt, this.#bench.clock.monotonic() + dueIn)
  }

  async settle(how: 'ack' | 'retry' | 'release' | 'reject', delay: number): Promise<string | undefined> {
    const delivery = this.held.shift()
    if (delivery === undefined || this.#source === undefined) return undefined
    const { token, attempt } = delivery
    const others = {
      reject: { kind: 'reject', token, reason: 'TEST', errors: [] },
      release: { kind: 'release', token },
    } as const
    const retry = { kind: 'retry', token, delay, error: failure(attempt) } as const
    const settled =
      how === 'ack' ? { acks: [token], others: [] } : { acks: [], others: [how === 'retry' ? retry : others[how]] }
    const [stale] = await this.#source.settle(settled)
    return stale === undefined && how === 'ack' ? delivery.message.id : undefined
  }

  /** Loses what it holds without a word, as a process does that hangs. */
  forget(): void {
    this.held.length = 0
    this.#full = this.isOpen
  }

  async close(): Promise<void> {
    this.held.length = 0
    await this.#source?.close()
    this.#source = undefined
  }
}

type Step =
  | {
      readonly kind: 'publish'
      readonly messages: readonly {
        readonly key: string | undefined
        readonly delay: number
        readonly priority: number
      }[]
    }
  | { readonly kind: 'pull' | 'close' | 'open' | 'forget'; readonly who: number }
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
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('close', 'open', 'forget'), who }) },
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

  async #follow(follower: Follower, step: Step & { readonly who: number }): Promise<void> {
    if (step.kind === 'pull') await follower.pull()
    else if (step.kind === 'close') await follower.close()
    else if (step.kind === 'forget') follower.forget()
    else if (step.kind === 'open' && !follower.isOpen) await follower.open(this.#subscription, `i${step.who}`)
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
    for (const step of steps) await scenario.run(step)
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
