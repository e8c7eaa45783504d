import {
  type Delivery,
  NO_EXCEPTIONS,
  NOTHING_PULLED,
  type Pulled,
  replaced,
  type Settled,
  type SettleException,
  type Settlement,
  type Source,
  type SourceEvents,
  SUSPECT_AFTER,
  type SubscriptionName,
  stale,
  type Token,
} from '@pluribus/core/driver'
import { type Argument, type Written, writtenNumbers } from './call.js'
import { readMessage } from './codec.js'
import { closed, subscriptionNotFound } from './errors.js'
import type { Link } from './link.js'
import { CLAIM } from './scripts/claim.js'
import type { Script } from './scripts/script.js'
import { CLOSE, MARK, RENEW } from './scripts/session.js'
import { SETTLE } from './scripts/settle.js'

/** The most bytes of entries that one pull brings: what is left comes with the next. */
export const WEIGHTIEST = 8 * 1_024 * 1_024

/** So many entries come with their claim: for fewer the server takes longer to answer twice than to hand them through a script. */
const READ_AT_ONCE = 16

/** What a source is opened on, and for. */
export interface SourceInit {
  readonly link: Link
  readonly subscription: SubscriptionName
  readonly keys: readonly string[]
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

/** What the server knows a delivery by. */
export interface RedisToken {
  readonly position: number
  readonly claim: string
}

/** One consumer: a session of the subscription. What it holds is the server's to know. */
export class RedisSource implements Source {
  readonly transferred: number
  readonly #init: SourceInit
  #over = false

  constructor(init: SourceInit) {
    this.#init = init
    this.transferred = init.transferred
  }

  /** There may be something: for this subscription, or for all of the topic. */
  readonly wake = (name: string): void => {
    if (!this.#over && (name === '' || name === this.#init.subscription.name)) this.#init.events.wake()
  }

  async pull(max: number): Promise<Pulled> {
    this.#check('pull')
    if (max < 1) return NOTHING_PULLED
    for (;;) {
      const reply = await this.#run(CLAIM, [this.#init.session, max, WEIGHTIEST, READ_AT_ONCE])
      const status = String(reply[0])
      if (status === 'OK') return readPulled(this.#init.subscription.topic, reply, await this.#read(unreadOf(reply)))
      if (status !== 'AGAIN') throw this.#end(status)
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

  async close(): Promise<void> {
    if (this.#over) return
    this.abandon()
    await this.#run(CLOSE, [this.#init.session, this.#init.holder])
  }

  /** Its connection is over: what it holds stays leased. */
  abandon(): void {
    this.#over = true
    this.#init.over(this)
  }

  async #read(numbers: Written | undefined): Promise<readonly unknown[]> {
    if (numbers === undefined) return []
    const { link, keys } = this.#init
    return (await link.call('hmget', [keys[1] as string], numbers)) as readonly unknown[]
  }

  #check(what: string): void {
    if (this.#over) throw closed(what)
  }

  #run(script: Script, args: readonly Argument[]): Promise<readonly unknown[]> {
    return this.#init.link.run(script, this.#init.keys, ['', ...args])
  }

  /** The server knows it no more. Answers why. */
  #end(status: string): unknown {
    const { subscription, events } = this.#init
    const cause = status === 'GONE' ? subscriptionNotFound(subscription) : replaced('pull')
    if (!this.#over) {
      this.abandon()
      events.ended(cause)
    }
    return cause
  }
}

/** The positions of what a claim has taken and not answered: the last ones. */
export function unreadOf([, , , , runs, , , entries]: readonly unknown[]): Written | undefined {
  const bounds = boundsOf(runs)
  const taken = bounds.reduce((sum, bound, at) => (at % 2 === 0 ? sum - bound : sum + bound + 1), 0)
  const missing = taken - (entries as readonly unknown[]).length
  const last = bounds.at(-1) as number
  return missing === 0 ? undefined : writtenNumbers(last - missing + 1, last)
}

/** Reads what a claim has answered, and what was to be read after it: null where somebody has deleted it. */
export function readPulled(topic: string, reply: readonly unknown[], rest: readonly unknown[]): Pulled {
  const [, dueIn, more] = reply
  const deliveries = readDeliveries(topic, reply, rest)
  if (deliveries.length === 0 && dueIn === -1 && more === 0) return NOTHING_PULLED
  const pulled: { deliveries: readonly Delivery[]; dueIn?: number; more?: boolean } = { deliveries }
  if (dueIn !== -1) pulled.dueIn = dueIn as number
  if (more === 1) pulled.more = true
  return pulled
}

function readDeliveries(
  topic: string,
  [, , , claim, runs, troubles, claims, read]: readonly unknown[],
  rest: readonly unknown[],
): readonly Delivery[] {
  const deliveries: Delivery[] = []
  const entries = [...(read as readonly unknown[]), ...rest] as readonly (Buffer | null)[]
  const bounds = boundsOf(runs)
  const given = String(claim)
  let index = 0
  for (let at = 0; at < bounds.length; at += 2) {
    const last = bounds[at + 1] as number
    for (let position = bounds[at] as number; position <= last; position++) {
      const entry = entries[index++] as Buffer | null
      if (entry === null) continue
      const token: RedisToken = { position, claim: given }
      const message = readMessage(topic, entry, position)
      deliveries.push({ message, token, attempt: 1, losses: 0, marks: 0, suspect: false })
    }
  }
  for (const [index, other] of numbered(claims) as Iterable<[number, number]>) {
    const delivery = deliveries[index] as Delivery
    const { position } = delivery.token as RedisToken
    deliveries[index] = { ...delivery, token: { position, claim: String(other) } satisfies RedisToken }
  }
  for (const [index, failures, losses, marks] of numbered(troubles) as Iterable<[number, number, number, number]>) {
    const { message, token } = deliveries[index] as Delivery
    deliveries[index] = { message, token, attempt: failures + 1, losses, marks, suspect: losses >= SUSPECT_AFTER }
  }
  return deliveries
}

/** Tokens as scripts take them, `first last claim`: what one claim took mostly ends in its order, and together. */
export function runsOf(tokens: readonly Token[]): string {
  let runs = ''
  for (let at = 0; at < tokens.length; ) {
    const { position, claim } = tokens[at] as RedisToken
    let last = position
    for (at++; at < tokens.length; at++) {
      const next = tokens[at] as RedisToken
      if (next.position !== last + 1 || next.claim !== claim) break
      last++
    }
    runs += `${position} ${last} ${claim} `
  }
  return runs
}

/** `first last …`. */
function boundsOf(runs: unknown): readonly number[] {
  const text = String(runs)
  return text === '' ? [] : text.split(' ').map(Number)
}

/** Lists of numbers, an index first. Few: most deliveries have none. */
const numbered = (lists: unknown): readonly (readonly number[])[] =>
  (lists as readonly Buffer[]).map(list => String(list).split(' ').map(Number))

/** As the script of settling takes them. */
export function settlementArguments(settlement: Settlement): Argument[] {
  const { position, claim } = settlement.token as RedisToken
  const head = [settlement.kind, position, claim]
  if (settlement.kind === 'release') return head
  if (settlement.kind === 'retry') return [...head, settlement.delay, JSON.stringify(settlement.error)]
  const { reason, attempts, errors } = settlement
  return [...head, reason, attempts, errors.length, ...errors.map(error => JSON.stringify(error))]
}
