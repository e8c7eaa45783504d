import { type Actor, type CaseContext, Failure, type Sample } from '@pluribus/conformance'
import type { Subscription, Topic } from '@pluribus/core'
import type { Consuming } from './figures.ts'
import { RECOVERY } from './limits.ts'
import { Watch } from './watch.ts'

/** How heavy the work is. */
export interface Load {
  /** Messages a second that are published, by all publishers together. */
  readonly rate: number
}

const PUBLISHERS = 2
const CONSUMERS = 2
const SUBSCRIPTIONS = ['billing', 'shipping']
const KEYS = 10
/** Runs that each process has going of a subscription. */
const CONCURRENCY = 8
/** A handler takes up to so many milliseconds; one in so many messages fails once. */
const WORK = { does: 'work', takes: 40, fails: 30 } as const
/** A blow needs a moment to be struck: what so many runs are about does not all end in it. */
const IN_HAND = 3
/** What is handled before anything is broken, by each subscription. */
const WARM = 40
/** The longest that is waited for what has to come about much earlier, in milliseconds: how late it was is a figure. */
const PATIENCE = 20_000
/** Core lets running handlers finish for so long when it closes, in milliseconds. */
const DRAIN = 10_000

/** Publishers and consumers in processes of their own, at work on one topic. */
export class Workload {
  readonly #it: CaseContext
  readonly #rate: number
  /** The longest that is waited for what has to come about much earlier, in milliseconds. */
  readonly patience: number
  readonly #topic: Topic<Sample>
  readonly #subscriptions: readonly Subscription<Sample>[]
  readonly #watch = new Watch(SUBSCRIPTIONS)
  /** Of consumers that were not there all the time. */
  readonly #since = new Map<string, number>()
  #publishers: readonly Actor[] = []
  #consumers: readonly Actor[] = []

  /** @param rate Messages a second of each publisher. */
  private constructor(it: CaseContext, rate: number, slow: number) {
    const { keys, limits } = it.capabilities
    const { delay, lease } = it.timing
    const delays = [keys === 'none' ? delay : Math.min(delay, limits.hold)]
    this.#it = it
    this.#rate = rate
    this.patience = slow * PATIENCE
    this.#topic = it.topic()
    this.#subscriptions = SUBSCRIPTIONS.map(name =>
      this.#topic.subscription(name, { retry: { attempts: 3, delays }, timeout: 4 * lease }),
    )
    it.history.onEvent(event => event !== undefined && this.#watch.read(event))
  }

  /** Resolves when everybody is at work. @param slow How many times longer than usual everything may take. */
  static async start(it: CaseContext, { rate }: Load, slow: number): Promise<Workload> {
    const work = new Workload(it, rate / PUBLISHERS, slow)
    await work.begin()
    const isWarm = () =>
      work.#watch.seen('settled') >= WARM * SUBSCRIPTIONS.length &&
      work.#consumers.every(({ process }) => work.#watch.isAtWork(process, 0))
    await it.until(isWarm, { within: work.patience, what: 'everybody to be at work' })
    return work
  }

  /** Writes into the history what is done to the world; answers when. */
  mark(what: string): number {
    const { history } = this.#it
    const at = history.add('campaign', { kind: 'fault', what })
    return history.events[at]?.time ?? 0
  }

  /** One of the consumers, which has just begun to run something, and has more in hand. */
  async busyConsumer(): Promise<Actor> {
    const consumer = this.#consumers[Math.floor(this.#it.random() * this.#consumers.length)] as Actor
    const { process } = consumer
    const before = this.#watch.latestRun(process)
    const isBusy = () => this.#watch.latestRun(process) > before && this.#watch.inHand(process) >= IN_HAND
    await this.#it.until(isBusy, { within: this.patience, what: `${process} to begin a run` })
    return consumer
  }

  /** Waits until every consumer has something in hand. */
  async untilBusy(): Promise<void> {
    const isBusy = () => this.#consumers.every(({ process }) => this.#watch.inHand(process) >= IN_HAND)
    await this.#it.until(isBusy, { within: this.patience, what: 'every consumer to be at work' })
  }

  /** Waits until a consumer that was told to end has done so, and well. */
  async untilEnded(consumer: Actor): Promise<void> {
    const within = this.#it.timing.close + DRAIN
    await this.#it.until(() => consumer.isOver, { within, what: `${consumer.process} to end` })
    await endedWell(consumer)
  }

  /** What was stored so far is gone for good: nobody waits for it any more, and nothing is lost if it does not come. */
  forget(): void {
    this.#watch.forget()
    this.#it.history.add('campaign', { kind: 'trim', topic: this.#topic.name })
  }

  /** Waits until a publish and a settlement are under way that nobody has answered. */
  async untilUnanswered(): Promise<void> {
    const { unanswered } = this.#watch
    const isUnanswered = () => unanswered('publish') > 0 && unanswered('settle') > 0
    await this.#it.until(isUnanswered, { within: this.patience, what: 'a publish and a settlement to be unanswered' })
  }

  /** A frozen process goes on. */
  thaw(actor: Actor): void {
    actor.resume()
    this.#since.set(actor.process, this.mark(`${actor.process} goes on`))
  }

  /** Another process in place of one that is dead, with the same work. */
  async replace(dead: Actor): Promise<void> {
    if (this.#publishers.includes(dead)) {
      this.#publishers = [...this.#publishers.filter(publisher => publisher !== dead), await this.#publisher()]
      return
    }
    const other = await this.#consumer()
    this.#consumers = [...this.#consumers.filter(consumer => consumer !== dead), other]
    this.#since.set(other.process, this.mark(`${other.process} consumes`))
  }

  /** kill −9 of every process. */
  async killAll(): Promise<void> {
    await Promise.all([...this.#publishers, ...this.#consumers].map(actor => actor.kill()))
  }

  /** Starts every process. Whichever is there first leads, where one does. */
  async begin(): Promise<void> {
    const consumers = Array.from({ length: CONSUMERS }, () => this.#it.child())
    const publishers = Array.from({ length: PUBLISHERS }, () => this.#it.child())
    this.#consumers = await Promise.all(consumers.map(consumer => this.#consumer(consumer)))
    this.#publishers = await Promise.all(publishers.map(publisher => this.#publisher(publisher)))
  }

  /** Lets the work go on until something of these kinds happens. */
  async next(...kinds: readonly ('publish' | 'deliver' | 'run' | 'settle')[]): Promise<void> {
    const seen = () => kinds.reduce((sum, kind) => sum + this.#watch.seen(kind), 0)
    const before = seen()
    await this.#it.until(() => seen() > before, { within: this.patience, what: `the next ${kinds.join(' or ')}` })
  }

  /** Who consumes, and since when, at the earliest at this time. */
  consumers(since: number): readonly Consuming[] {
    return this.#consumers.map(({ process }) => ({ process, since: Math.max(since, this.#since.get(process) ?? 0) }))
  }

  /** Waits until new messages run in every subscription, and every consumer runs some, after this time. */
  async untilFlowing(since: number): Promise<void> {
    const consumers = this.consumers(since)
    const isAtWork = (consumer: Consuming) => this.#watch.isAtWork(consumer.process, consumer.since)
    const flows = () => this.#watch.isFlowing(since) && consumers.every(isAtWork)
    await this.#it.until(flows, { within: this.patience, what: 'new messages to flow again, to every consumer' })
  }

  /** Waits until what was stored before this time is handled. */
  async untilBack(since: number): Promise<void> {
    const within = this.#it.timing.lease + this.patience
    await this.#it.until(() => this.#watch.isBack(since), { within, what: 'what was in flight to be handled' })
  }

  /** Ends publishing, and waits until all that was stored is handled, or nothing more is. Answers how many it was in vain for. */
  async drain(): Promise<number> {
    await Promise.all(this.#publishers.map(publisher => publisher.rest()))
    const { clock, timing } = this.#it
    let [left, end] = [Number.POSITIVE_INFINITY, 0]
    const isOver = () => {
      const { unfinished } = this.#watch
      if (unfinished < left) end = clock.monotonic() + timing.lease + 2 * RECOVERY
      left = Math.min(left, unfinished)
      return unfinished === 0 || clock.monotonic() >= end
    }
    await this.#it.until(isOver, { within: 3 * this.patience, what: 'all that was stored to be handled' })
    return this.#watch.unfinished
  }

  /** Closes every process, which has to end by itself then. */
  async close(): Promise<void> {
    const all = [...this.#publishers, ...this.#consumers]
    await Promise.all(all.map(actor => actor.close()))
    const within = this.#it.timing.close
    await this.#it.until(() => all.every(({ isOver }) => isOver), { within, what: 'every process to end' })
    for (const actor of all) await endedWell(actor)
  }

  async #publisher(started = this.#it.child()): Promise<Actor> {
    const actor = await started
    const keys = this.#it.capabilities.keys === 'none' ? 0 : KEYS
    await actor.load(this.#topic, { rate: this.#rate, keys, ids: actor.process })
    return actor
  }

  async #consumer(started = this.#it.child()): Promise<Actor> {
    const actor = await started
    for (const subscription of this.#subscriptions) {
      await actor.subscribe(subscription, WORK, { concurrency: CONCURRENCY })
    }
    return actor
  }
}

async function endedWell({ process, exited }: Actor): Promise<void> {
  const { code, signal } = await exited
  if (code !== 0) throw new Failure(`${process} was closed and has ended with ${signal ?? code}.`)
}
