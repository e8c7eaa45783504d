import {
  type Delivery,
  type Environment,
  NO_EXCEPTIONS,
  NOTHING_PULLED,
  type Pulled,
  replaced,
  type Settled,
  type SettleException,
  type Source,
  type SourceEvents,
  type SubscriptionName,
  stale,
  type Token,
} from '@pluribus/core/driver'
import type { Argument, Written } from './call.js'
import { readClaim, type Unclaimed } from './claimed.js'
import { closed, subscriptionNotFound } from './errors.js'
import { Handed } from './handed.js'
import type { SubscriptionKeys } from './keys.js'
import type { Link } from './link.js'
import { readPulled, unreadOf } from './pulled.js'
import { CLAIM } from './scripts/claim.js'
import type { Script } from './scripts/script.js'
import { CLOSE, MARK, RENEW, WITHDRAW } from './scripts/session.js'
import { SETTLE } from './scripts/settle.js'
import { type RedisToken, runsOf, settlementArguments } from './token.js'

/** The most bytes of entries that one pull brings: what is left comes with the next. */
export const WEIGHTIEST = 8 * 1_024 * 1_024

/** So many entries come with their claim: for fewer the server takes longer to answer twice than to hand them through a script. */
const READ_AT_ONCE = 16

/** For this part of its lease what was handed over is ours without asking. */
const FRESH = 1 / 10

/** What a source is opened on, and for. */
export interface SourceInit {
  readonly link: Link
  readonly environment: Environment
  readonly subscription: SubscriptionName
  readonly keys: SubscriptionKeys
  /** Its number on the server. */
  readonly session: string
  /** Whom it follows, empty for nobody. */
  readonly holder: string
  readonly transferred: number
  /** Milliseconds. */
  readonly lease: number
  readonly events: SourceEvents
  /** Told once, when the source is over. */
  over(source: RedisSource): void
}

/** One consumer: a session of the subscription. What it holds is the server's to know. */
export class RedisSource implements Source {
  readonly transferred: number
  readonly #init: SourceInit
  readonly #handed: Handed
  #isPulling = false
  #isLooking = false
  #over = false

  constructor(init: SourceInit) {
    const { environment, subscription, transferred } = init
    this.#init = init
    this.transferred = transferred
    this.#handed = new Handed({
      topic: subscription.topic,
      now: () => environment.clock.monotonic(),
      giveBack: deliveries => this.#giveBack(deliveries),
    })
  }

  /** There may be something: for this subscription, or for all of the topic. */
  readonly wake = (name: Buffer): void => {
    if (this.#over || (name.length > 0 && name.toString() !== this.#init.subscription.name)) return
    this.#handed.woken()
    this.#init.events.wake()
  }

  /** It was handed over by a publish, to this source alone. */
  readonly receive = (sent: Buffer): void => {
    if (this.#over) return
    this.#handed.add(sent)
    this.#init.events.wake()
    this.#look()
  }

  async pull(max: number): Promise<Pulled> {
    this.#check('pull')
    if (max < 1) return this.#withdraw()
    this.#isPulling = true
    try {
      return await this.#fresh(this.#handed.pull(max) ?? (await this.#claim(max)))
    } finally {
      this.#isPulling = false
      this.#look()
    }
  }

  async mark(delivery: Delivery): Promise<void> {
    this.#check('mark')
    const { position, claim } = delivery.token as RedisToken
    const [status] = await this.#run(MARK, [position, claim])
    if (String(status) !== 'OK') throw stale()
  }

  async settle({ acks, others }: Settled): Promise<readonly SettleException[]> {
    this.#check('settle')
    const reply = await this.#run(SETTLE, [runsOf(acks), ...others.flatMap(settlementArguments)])
    if (reply.length === 1) return NO_EXCEPTIONS
    const tokens = [...acks, ...others.map(({ token }) => token)]
    return reply.slice(1).map(index => ({ token: tokens[index as number] as Token, kind: 'stale' }))
  }

  async renew(batch: readonly Delivery[]): Promise<readonly Token[]> {
    this.#check('renew')
    const tokens = runsOf(batch.map(({ token }) => token))
    const [, ...lost] = await this.#run(RENEW, [this.#init.lease, tokens])
    return lost.length === 0 ? NO_EXCEPTIONS : lost.map(index => (batch[index as number] as Delivery).token)
  }

  /** What it was handed over and has not seen goes back as well. */
  async close(): Promise<void> {
    if (this.#over) return
    this.abandon()
    await this.#run(CLOSE, [this.#init.session, this.#init.holder])
  }

  /** Its connection is over: what it holds stays leased. */
  abandon(): void {
    this.#over = true
    this.#handed.end(closed('pull'))
    this.#init.over(this)
  }

  async #claim(max: number): Promise<Pulled> {
    const { environment, session, subscription } = this.#init
    const handed = this.#handed
    for (;;) {
      const asked = environment.clock.monotonic()
      handed.asking()
      const claimed = readClaim(await this.#run(CLAIM, [session, max, WEIGHTIEST, READ_AT_ONCE, handed.seen]))
      if (claimed === 'AGAIN') continue
      if (typeof claimed === 'string') throw this.#end(claimed)
      handed.claimed(asked, claimed)
      const rest = await this.#read(unreadOf(claimed))
      await handed.following(claimed.given)
      return handed.before(readPulled(subscription.topic, claimed, rest), claimed.given, max)
    }
  }

  /** What was handed over some time before it was pulled may be somebody else's: this process has not run. The server knows. */
  async #fresh(pulled: Pulled): Promise<Pulled> {
    const { environment, lease } = this.#init
    const since = environment.clock.monotonic()
    if (pulled.since === undefined || since - pulled.since < lease * FRESH) return pulled
    const lost = new Set(await this.renew(pulled.deliveries))
    if (lost.size === 0) return { ...pulled, since }
    return { ...pulled, deliveries: pulled.deliveries.filter(({ token }) => !lost.has(token)), since, more: true }
  }

  async #withdraw(): Promise<Pulled> {
    const { stands } = this.#handed
    this.#handed.withdrawn()
    // First, so that what goes back wakes others, and not this one.
    const withdrawing = stands ? this.#run(WITHDRAW, [this.#init.session]) : undefined
    this.#handed.giveBack()
    await withdrawing
    return NOTHING_PULLED
  }

  /** What is not pulled in this turn of the loop nobody here wants, and others may wait for it. */
  #look(): void {
    if (this.#isLooking || this.#isPulling || this.#handed.size === 0) return
    this.#isLooking = true
    this.#init.environment.timers.setImmediate(() => {
      this.#isLooking = false
      if (this.#over || this.#isPulling || this.#handed.size === 0) return
      this.#withdraw().catch(error => this.#failed(error))
    })
  }

  #giveBack(deliveries: readonly Delivery[]): void {
    const releases = deliveries.map(({ token }) => settlementArguments({ kind: 'release', token }))
    this.#run(SETTLE, ['', ...releases.flat()]).catch(error => this.#failed(error))
  }

  #failed(error: unknown): void {
    const { environment, subscription } = this.#init
    // The link is broken, which is told elsewhere, or the server refuses. Whatever was not given back is, when its lease is over.
    environment.logger.debug({ error, ...subscription }, 'Giving back what nobody here has pulled has failed.')
  }

  async #read(numbers: Written | undefined): Promise<readonly unknown[]> {
    if (numbers === undefined) return []
    const { link, keys } = this.#init
    return (await link.call('hmget', [keys.ofTopic.log], numbers)) as readonly unknown[]
  }

  #check(what: string): void {
    if (this.#over) throw closed(what)
  }

  #run(script: Script, args: readonly Argument[]): Promise<readonly unknown[]> {
    return this.#init.link.run(script, this.#init.keys.all, args)
  }

  /** The server knows it no more. Answers why. */
  #end(status: Unclaimed): unknown {
    const { subscription, events } = this.#init
    const cause = status === 'GONE' ? subscriptionNotFound(subscription) : replaced('pull')
    if (!this.#over) {
      this.abandon()
      events.ended(cause)
    }
    return cause
  }
}
