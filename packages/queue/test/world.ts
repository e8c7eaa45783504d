import { expect } from 'vitest'
import { DeliveryQueue, type Order, PendingCounts, type QueueOptions } from '../src/index.js'
import { positionsOf } from './positions-of.js'
import { ReferenceQueue } from './reference-queue.js'
import type { ModelMessage } from './reference-records.js'
import type { Transition } from './transitions.js'

/** What a sequence starts from. */
export interface Setup {
  readonly order: Order
  readonly bands: number
  /** Ordering keys that messages draw from, undefined among them or not. */
  readonly keys: readonly (string | undefined)[]
  /** Whether the look-ahead is compared after every command, or only where a command asks for it. */
  readonly looksAhead: boolean
}

/** A command, and three numbers that choose what it is done to; what they mean is the command's. */
export type Command = readonly [kind: CommandKind, a: number, b: number, c: number]
export type CommandKind = keyof typeof COMMANDS

interface Consumer {
  readonly id: number
  readonly instance: number
  readonly lease: number
}

/** What a claim has taken, in arrays of which nothing but elements is looked at. */
type ClaimedArrays = Readonly<Record<'position' | 'token' | 'failures' | 'losses' | 'marks', ArrayLike<number>>>

/** A machine that is compared with the model: the queue itself, or what does the same on a server. */
export interface Machine
  extends Pick<
      DeliveryQueue,
      'add' | 'open' | 'close' | 'transfer' | 'isHolding' | 'claim' | 'ack' | 'retry' | 'release'
    >,
    Pick<DeliveryQueue, 'reject' | 'mark' | 'renew' | 'positionOf' | 'redrive' | 'discard' | 'isDead' | 'hasReady'>,
    Pick<DeliveryQueue, 'nextDue' | 'counts'> {
  readonly claimed: ClaimedArrays
  dead(): Iterable<number>
  pending(): Iterable<number>
}

/** A subscription twice: the machine, and the model. */
interface Subscription {
  readonly queue: Machine
  readonly model: ReferenceQueue
  readonly handled: number[]
  consumers: Consumer[]
  /** Tokens given out, the latest last; most are stale. */
  readonly issued: number[]
}

const LEASES = [10, 25] as const
const DELAYS = [0, 0, 0, 0, 5, 30] as const
const STEPS = [1, 4, 10, 26] as const

const pick = <T>(items: readonly T[], choice: number): T | undefined => items[choice % items.length]

/** Vitest's own comparison is what half of the test's time would go into, and is only worth it for its message. */
const both = (actual: unknown, expected: unknown): void => {
  if (actual !== expected && JSON.stringify(actual) !== JSON.stringify(expected)) expect(actual).toEqual(expected)
}

/** A message of the topic. Times are of the world's clock. */
interface Published extends ModelMessage {
  readonly due: number
  readonly published: number
}

/** One topic, its subscriptions, one clock: drives the machine and the model side by side, and compares. */
export class World {
  readonly trace: unknown[] = []
  now = 0
  readonly log = new Map<number, Published>()
  readonly pending = new PendingCounts()
  readonly left = new Map<number, number>()
  readonly subscriptions: Subscription[] = []
  readonly setup: Setup
  readonly took: (transition: Transition) => void
  readonly #machine: (options: QueueOptions) => Machine
  last = 0

  constructor(
    setup: Setup,
    took: (transition: Transition) => void,
    machine: (options: QueueOptions) => Machine = options => new DeliveryQueue(options),
  ) {
    this.setup = setup
    this.took = took
    this.#machine = machine
    this.subscribe(0)
  }

  /** Runs one command; false when there was nothing to do it to. */
  run([kind, a, b, c]: Command): boolean {
    const subscription = this.subscriptions[a % 7 < 4 ? 0 : a % this.subscriptions.length] as Subscription
    if (!COMMANDS[kind](this, subscription, b, c)) return false
    for (const each of this.subscriptions) this.#compare(each)
    return true
  }

  /** What a caller's clock says that is not steady: at times it is behind what it said before. */
  unsteady(choice: number): number {
    return choice % 4 === 0 ? this.now - 1 - (choice % 11) : this.now
  }

  /** A new subscription from `from` on. */
  subscribe(from: number): void {
    const { order, bands } = this.setup
    const handled: number[] = []
    const queue = this.#machine({
      order,
      bands,
      keyOf: position => this.log.get(position)?.key,
      bandOf: position => this.log.get(position)?.band ?? Number.NaN,
      handled: position => {
        handled.push(position)
        const left = (this.left.get(position) ?? 0) - 1
        this.left.set(position, left)
        both(this.pending.done(position), left)
      },
    })
    const model = new ReferenceQueue(order, this.took)
    const subscription: Subscription = { queue, model, handled, consumers: [], issued: [] }
    for (const message of this.log.values()) {
      if (message.position < from) continue
      this.deliver(subscription, message, message.published)
      if (message.due > 0 && message.due < this.now) this.took('late subscription filled past a due time')
    }
    this.subscriptions.push(subscription)
    this.open(subscription, 1, LEASES[0])
    this.open(subscription, 2, LEASES[1])
  }

  deliver({ queue, model }: Subscription, message: Published, now: number): void {
    this.pending.add(message.position, 1)
    this.left.set(message.position, (this.left.get(message.position) ?? 0) + 1)
    queue.add(message.position, message.due, now)
    model.add(message, message.due, now)
  }

  open({ queue, model, consumers }: Subscription, instance: number, lease: number): void {
    const id = queue.open(instance, lease)
    model.open(id, instance, lease)
    consumers.push({ id, instance, lease })
  }

  claim(subscription: Subscription, consumer: Consumer, max: number): void {
    const { queue, model, issued } = subscription
    this.hasReady(subscription, consumer)
    const expected = model.claim(consumer.id, max, this.now)
    const count = queue.claim(consumer.id, max, this.now)
    const { position, token, failures, losses, marks } = queue.claimed
    const actual = Array.from({ length: count }, (_, index) => ({
      position: position[index] as number,
      failures: failures[index] as number,
      losses: losses[index] as number,
      marks: marks[index] as number,
    }))
    both(actual, expected)
    for (let index = 0; index < count; index++) {
      const given = token[index] as number
      if (!Number.isSafeInteger(given) || issued.includes(given)) expect.unreachable(`token ${given} was given twice`)
      issued.push(given)
      this.trace.push(given)
      model.bind(position[index] as number, given)
    }
    if (count === 0 && max > 0) expect(queue.hasReady(this.now, consumer.id)).toBe(false)
  }

  /** A consumer of the same instance takes the place of one that is gone; the session of that one may be closed too late. */
  replace(subscription: Subscription, gone: Consumer, lease: number): Consumer {
    const { queue, model } = subscription
    subscription.consumers = subscription.consumers.filter(other => other !== gone)
    this.open(subscription, gone.instance, lease)
    const heir = subscription.consumers.at(-1) as Consumer
    both(queue.transfer(gone.id, heir.id, this.now), model.transfer(gone.id, heir.id, this.now))
    queue.close(gone.id)
    return heir
  }

  lookAhead(subscription: Subscription): void {
    const { queue, model } = subscription
    if (queue.nextDue() !== model.nextDue()) expect(queue.nextDue()).toBe(model.nextDue())
    this.hasReady(subscription)
  }

  /** Both are asked in any case: being told the time is remembered. The machine may say yes too often. */
  hasReady({ queue, model }: Subscription, consumer?: Consumer): void {
    const [actual, expected] = [queue.hasReady(this.now, consumer?.id), model.hasReady(this.now, consumer?.id)]
    if (expected && !actual) expect.unreachable('hasReady')
  }

  #compare(subscription: Subscription): void {
    const { queue, model, handled, issued, consumers } = subscription
    for (const { id } of consumers) if (queue.isHolding(id) !== model.isHolding(id)) expect.unreachable('isHolding')
    const counts = queue.counts()
    this.trace.push(counts)
    both(counts, model.counts())
    const dead = model.dead()
    both([...queue.dead()], dead)
    const pending = model.pending()
    both(
      [...queue.pending()].sort((a, b) => a - b),
      pending,
    )
    for (const position of pending) if (queue.isDead(position) !== dead.includes(position)) expect.unreachable('isDead')
    both(handled, model.gone)
    for (const token of issued.slice(-8)) {
      if (queue.positionOf(token) !== model.positionOf(token)) expect.unreachable(`positionOf(${token})`)
    }
    if (this.setup.looksAhead) this.lookAhead(subscription)
  }
}

type Perform = (world: World, subscription: Subscription, b: number, c: number) => boolean

/** Does something to a leased delivery; at times (c % 8 is 0) to a stale token instead. */
const onToken =
  (perform: (world: World, subscription: Subscription, token: number, c: number) => void): Perform =>
  (world, subscription, b, c) => {
    const { model, issued } = subscription
    const token = c % 8 === 0 ? pick([...issued.slice(-6), -1, 2 ** 22 + b], b) : pick(model.tokens(), b)
    if (token === undefined) return false
    perform(world, subscription, token, c)
    return true
  }

const COMMANDS = {
  publish: (world, _, b, c) => {
    const { keys, bands } = world.setup
    world.last += 1 + (b % 3)
    const delay = pick(DELAYS, c) ?? 0
    const message = {
      position: world.last,
      key: pick(keys, b >> 4),
      band: (c >> 4) % bands,
      due: delay === 0 ? 0 : world.now + delay,
      published: world.unsteady(b >> 2),
    }
    world.log.set(message.position, message)
    world.pending.add(message.position, 0)
    world.left.set(message.position, 0)
    for (const subscription of world.subscriptions) world.deliver(subscription, message, message.published)
    return true
  },
  claim: (world, subscription, b, c) => {
    const consumer = pick(subscription.consumers, b)
    if (consumer === undefined) return false
    world.claim(subscription, consumer, c % 5)
    return true
  },
  ack: onToken((world, { queue, model }, token) => both(queue.ack(token), model.ack(token, world.now))),
  retryNow: onToken((world, { queue, model }, token) => both(queue.retry(token, 0), model.retry(token, 0, world.now))),
  retryLater: onToken((world, { queue, model }, token, c) => {
    const due = world.now + 1 + (c % 15)
    both(queue.retry(token, due), model.retry(token, due, world.now))
  }),
  release: onToken((world, { queue, model }, token) => both(queue.release(token), model.release(token, world.now))),
  reject: onToken((world, { queue, model }, token) => both(queue.reject(token), model.reject(token, world.now))),
  /** The whole of a claim fails for good. */
  rejectAll: (world, { queue, model }) => {
    const tokens = model.tokens()
    for (const token of tokens) both(queue.reject(token), model.reject(token, world.now))
    return tokens.length > 0
  },
  mark: onToken((_, { queue, model }, token) => both(queue.mark(token), model.mark(token))),
  markAll: (_, { queue, model }) => {
    const tokens = model.tokens()
    for (const token of tokens) both(queue.mark(token), model.mark(token))
    return tokens.length > 0
  },
  renew: onToken((world, { queue, model }, token) =>
    both(queue.renew(token, world.now), model.renew(token, world.now)),
  ),
  pass: (world, _, b) => {
    world.now += pick(STEPS, b) ?? 0
    return true
  },
  /** Everything leased is renewed in time, twice: longer than the shorter lease lasts, in both cases. */
  outlive: (world, { queue, model }) => {
    const tokens = model.tokens()
    for (const _ of [1, 2]) {
      for (const token of tokens) both(queue.renew(token, world.now), model.renew(token, world.now))
      world.now += 8
    }
    return tokens.length > 0
  },
  /** Everything leased is lost, and another instance looks first. */
  lose: (world, subscription, b, c) => {
    const consumer = pick(subscription.consumers, b)
    if (consumer === undefined || subscription.model.tokens().length === 0) return false
    world.now += 26
    world.claim(subscription, consumer, 1 + (c % 3))
    return true
  },
  open: (world, subscription, b, c) => {
    if (subscription.consumers.length >= 4) return false
    world.open(subscription, 1 + (b % 3), pick(LEASES, c) ?? 0)
    return true
  },
  close: (_, subscription, b) => {
    const consumer = pick(subscription.consumers, b)
    if (consumer === undefined) return false
    subscription.queue.close(consumer.id)
    subscription.model.close(consumer.id)
    subscription.consumers = subscription.consumers.filter(other => other !== consumer)
    return true
  },
  /** The consumer takes something, and its process is gone: it settles nothing, and its session is never closed. */
  crash: (world, subscription, b, c) => {
    const consumer = pick(subscription.consumers, b)
    if (consumer === undefined) return false
    world.claim(subscription, consumer, c % 5)
    subscription.model.abandon(consumer.id)
    subscription.consumers = subscription.consumers.filter(other => other !== consumer)
    return true
  },
  /** The connection of a consumer breaks, and its process opens another: what it held goes over, and at times some is pulled. */
  replace: (world, subscription, b, c) => {
    const gone = pick(subscription.consumers, b)
    if (gone === undefined) return false
    for (let claims = b % 5; claims > 0; claims--) world.claim(subscription, gone, 3)
    // The outage may outlast the leases: nobody has looked since.
    if (b % 6 === 1) world.now += 26
    const heir = world.replace(subscription, gone, pick(LEASES, c >> 3) ?? 0)
    for (let claims = (c >> 4) % 3; claims > 0; claims--) world.claim(subscription, heir, 1 + (c % 5))
    return true
  },
  /** Nothing goes over to itself, from nobody, or to nobody; and to another instance it must not. */
  misplace: (world, subscription, b) => {
    const { queue, consumers, issued } = subscription
    // The time that a refused call tells is remembered too.
    world.hasReady(subscription)
    const from = pick(consumers, b)
    const other = consumers.find(({ instance }) => instance !== from?.instance)
    if (from === undefined || other === undefined) return false
    expect(() => queue.transfer(from.id, other.id, world.now)).toThrow(RangeError)
    expect(() => queue.transfer(from.id, issued.length + 1_000, world.now)).toThrow(RangeError)
    both([queue.transfer(from.id, from.id, world.now), queue.transfer(-1, from.id, world.now)], [0, 0])
    world.took('transfer refused')
    return true
  },
  redrive: (world, { queue, model }, b, c) => {
    const position = c % 6 === 0 ? pick([...world.log.keys()], b) : pick(model.dead(), b)
    if (position === undefined) return false
    // A person redrives, and takes their time: things come due meanwhile.
    if (b % 3 === 1) world.now += 6
    const now = world.unsteady(b)
    both(queue.redrive(position, now), model.redrive(position, now))
    return true
  },
  discard: (world, { queue, model }, b, c) => {
    const position = c % 3 === 0 ? pick([...world.log.keys()], b) : pick(model.dead(), b)
    if (position === undefined) return false
    both(queue.discard(position), model.discard(position))
    return true
  },
  subscribe: (world, _, b) => {
    if (world.subscriptions.length >= 3 || world.log.size === 0) return false
    world.subscribe(b % (world.last + 1))
    world.took('late subscription filled')
    return true
  },
  trim: (world, _, b) => {
    const before = world.last + 2 - (b % 6)
    const removable = [...world.left].filter(([position, left]) => left === 0 && position < before)
    const removed = [...world.pending.removable(before)].flatMap(positionsOf)
    expect(removed).toEqual(removable.map(([position]) => position))
    const oldest = Math.min(...[...world.left].filter(([, left]) => left > 0).map(([position]) => position))
    for (const position of removed) {
      world.took(position > oldest ? 'message trimmed past a pending one' : 'message trimmed')
      world.log.delete(position)
      world.left.delete(position)
    }
    for (const [position, left] of world.left) both(world.pending.count(position), left)
    both(world.pending.size, world.left.size)
    return removed.length > 0
  },
  lookAhead: (world, subscription) => {
    world.lookAhead(subscription)
    return true
  },
} satisfies Record<string, Perform>
