import type { OutgoingMessage, Pulled } from '@pluribus/core/driver'
import type { QueueCounts, QueueOptions } from '@pluribus/queue'
import type { Machine } from '../../../packages/queue/test/world.js'
import type { Argument, Written } from '../src/call.js'
import { readClaim } from '../src/claimed.js'
import { encode } from '../src/codec.js'
import { Keys, type SubscriptionKeys } from '../src/keys.js'
import { readPulled, unreadOf } from '../src/pulled.js'
import { CLAIM } from '../src/scripts/claim.js'
import { DISCARD, REDRIVE } from '../src/scripts/dead.js'
import { DECLARE } from '../src/scripts/declare.js'
import { PUBLISH } from '../src/scripts/publish.js'
import type { Script } from '../src/scripts/script.js'
import { CLOSE, MARK, OPEN, RENEW } from '../src/scripts/session.js'
import { SETTLE } from '../src/scripts/settle.js'
import { WEIGHTIEST } from '../src/source.js'
import { type RedisToken, runsOf, settlementArguments } from '../src/token.js'
import { Stored } from './stored.js'
import type { SyncRedis } from './sync-redis.js'
import { entriesOf } from './written.js'

const TOPIC = 'model'
const NAME = 'billing'
/** So that both ways of reading are taken by what is as small as a model's programs. */
const READ_AT_ONCE = 1

/** A consumer session, as the model counts them, and what it is on the server. */
interface Session {
  readonly holder: string
  readonly generation: number
  readonly instance: number
  readonly lease: number
  readonly number: string
}

/**
 * The state machine in Lua, with the calls of the one in TypeScript: a topic of its own with one subscription. The time is given
 * to every script. What is only read is read from what is stored, once after each change.
 */
export class RedisMachine implements Machine {
  readonly claimed = { position: [0], token: [0], failures: [0], losses: [0], marks: [0] }
  readonly #redis: SyncRedis
  readonly #options: QueueOptions
  readonly #keys: SubscriptionKeys
  readonly #sessions = new Map<number, Session>()
  /** By the model's token: the server's, and the session that it was given to. */
  readonly #tokens = new Map<number, { readonly token: RedisToken; readonly session: Session }>()
  /** By the model's position. */
  readonly #positions = new Map<number, string>()
  #opened = 0
  #now = 0
  /** Up to when what is due was noticed. */
  #noticed = 0
  #stored: Stored | undefined
  /** Who has claimed last, and found nothing; 0 for nobody, or after anything else. */
  #emptyHanded = 0

  constructor(redis: SyncRedis, prefix: string, options: QueueOptions) {
    this.#redis = redis
    this.#options = options
    this.#keys = new Keys(prefix).subscription({ topic: TOPIC, name: NAME })
    const levels = options.order === 'priority' ? options.bands : 1
    const spec = [NAME, '', '{}', options.order, levels, 'earliest']
    const { ofTopic, state } = this.#keys
    this.#run(DECLARE, [...ofTopic.all, state], ['', '{}', 1e12, ...spec])
  }

  add(position: number, due: number, now: number): void {
    this.#advance(now)
    this.#noticed = this.#now
    const message = messageOf(position, this.#options, due > 0 ? due - this.#now : 0)
    const { entries, delays, totals } = encode([message])
    this.#run(PUBLISH, this.#keys.ofTopic.all, [0, delays, totals, ...entriesOf(entries)])
  }

  open(instance: number, lease: number): number {
    const id = ++this.#opened
    this.#sessions.set(id, this.#open({ holder: `holder-${id}`, generation: 1, instance, lease }).session)
    return id
  }

  close(id: number): void {
    const session = this.#sessions.get(id)
    if (session !== undefined) this.#run(CLOSE, this.#keys.all, [session.number, session.holder])
  }

  transfer(from: number, to: number, now: number): number {
    this.#advance(now)
    const [left, heir] = [this.#sessions.get(from), this.#sessions.get(to)]
    if (left === undefined || heir === undefined) throw new Error('There is no such session.')
    // The server has no heirs that were there before: it takes over when it is opened.
    this.#run(CLOSE, this.#keys.all, [heir.number, heir.holder])
    const { holder, generation } = left
    const { session, transferred } = this.#open({ ...heir, holder, generation: generation + 1 })
    this.#sessions.set(to, session)
    return transferred
  }

  isHolding(id: number): boolean {
    return this.#read().isHolding(this.#sessions.get(id)?.number)
  }

  claim(id: number, max: number, now: number): number {
    this.#advance(now)
    this.#noticed = this.#now
    const session = this.#sessions.get(id) as Session
    const pulled = this.#pull(session, max)
    for (const [index, { message, token, attempt, losses, marks }] of pulled.deliveries.entries()) {
      const given = this.#tokens.size + 1
      this.#tokens.set(given, { token: token as RedisToken, session })
      const position = Number(message.id)
      this.#positions.set(position, String((token as RedisToken).position))
      this.claimed.position[index] = position
      this.claimed.token[index] = given
      this.claimed.failures[index] = attempt - 1
      this.claimed.losses[index] = losses
      this.claimed.marks[index] = marks
    }
    if (pulled.deliveries.length === 0 && max > 0) this.#emptyHanded = id
    return pulled.deliveries.length
  }

  ack(token: number): boolean {
    const position = this.positionOf(token)
    if (!this.#settle([runsOf([this.#tokenOf(token)]), []])) return false
    this.#options.handled(position)
    return true
  }

  retry(token: number, due: number): boolean {
    const error = { name: 'Error', message: 'once', attempt: 1, time: 0 }
    const delay = due === 0 ? 0 : due - this.#now
    return this.#settle(['', settlementArguments({ kind: 'retry', token: this.#tokenOf(token), delay, error })])
  }

  release(token: number): boolean {
    return this.#settle(['', settlementArguments({ kind: 'release', token: this.#tokenOf(token) })])
  }

  reject(token: number): number {
    const position = this.positionOf(token)
    const settlement = { kind: 'reject', token: this.#tokenOf(token), reason: 'NO', attempts: 1, errors: [] } as const
    return this.#settle(['', settlementArguments(settlement)]) ? position : -1
  }

  mark(token: number): boolean {
    const { position, claim } = this.#tokenOf(token)
    const [status] = this.#run(MARK, this.#keys.all, [position, claim])
    return String(status) === 'OK'
  }

  renew(token: number, now: number): boolean {
    const before = this.#now
    this.#advance(now)
    const lease = this.#tokens.get(token)?.session.lease ?? 1
    const isRenewed = this.#run(RENEW, this.#keys.all, [lease, runsOf([this.#tokenOf(token)])]).length === 1
    // Who is refused has not told the queue the time.
    if (!isRenewed) this.#now = before
    return isRenewed
  }

  positionOf(token: number): number {
    return this.#read().leasedAs(this.#tokenOf(token))
  }

  redrive(position: number, now: number): boolean {
    const isDead = this.isDead(position)
    if (isDead) {
      this.#advance(now)
      this.#noticed = this.#now
    }
    return this.#run(REDRIVE, this.#keys.all, [this.#positions.get(position) ?? 0])[1] === 1
  }

  discard(position: number): boolean {
    if (this.#run(DISCARD, this.#keys.all, [this.#positions.get(position) ?? 0])[1] !== 1) return false
    this.#options.handled(position)
    return true
  }

  isDead(position: number): boolean {
    return this.#read().dead.includes(position)
  }

  dead(): Iterable<number> {
    return this.#read().dead
  }

  pending(): Iterable<number> {
    return this.#read().pending
  }

  /** The adapter is not asked that: it says `more`, or when to ask again. Known is only who has just found nothing. */
  hasReady(now: number, session?: number): boolean {
    if (now > this.#now) this.#emptyHanded = 0
    this.#advance(now)
    return session === undefined || session !== this.#emptyHanded
  }

  nextDue(): number {
    return this.#read().nextDue(this.#noticed)
  }

  counts(): QueueCounts {
    return this.#read().counts(this.#noticed)
  }

  #advance(now: number): void {
    this.#now = Math.max(this.#now, now)
  }

  #open({ holder, generation, instance, lease }: Omit<Session, 'number'>) {
    const [, number, transferred] = this.#run(OPEN, this.#keys.all, [holder, generation, lease, `instance ${instance}`])
    const session: Session = { holder, generation, instance, lease, number: String(number) }
    return { session, transferred: transferred as number }
  }

  #pull(session: Session, max: number): Pulled {
    for (;;) {
      const claimed = readClaim(this.#run(CLAIM, this.#keys.all, [session.number, max, WEIGHTIEST, READ_AT_ONCE, 0]))
      if (claimed === 'AGAIN') continue
      if (typeof claimed === 'string') throw new Error(`The claim was answered with ${claimed}.`)
      return readPulled(TOPIC, claimed, this.#readLog(unreadOf(claimed)))
    }
  }

  #readLog(numbers: Written | undefined): readonly unknown[] {
    if (numbers === undefined) return []
    const [found] = this.#redis.run([['hmget', this.#keys.ofTopic.log, ...entriesOf(numbers)]])
    return found as readonly unknown[]
  }

  /** Of a token that was never given out too. */
  #tokenOf(token: number): RedisToken {
    return this.#tokens.get(token)?.token ?? { position: Math.abs(token), claim: '1' }
  }

  #settle([acks, others]: readonly [string, readonly Argument[]]): boolean {
    return this.#run(SETTLE, this.#keys.all, [acks, ...others]).length === 1
  }

  #read(): Stored {
    this.#stored ??= Stored.read(this.#redis, this.#keys)
    return this.#stored
  }

  #run(script: Script, keys: readonly string[], args: readonly (Argument | Uint8Array)[]): readonly unknown[] {
    this.#stored = undefined
    this.#emptyHanded = 0
    const [reply] = this.#redis.run([['eval', script.text, keys.length, ...keys, this.#now, ...args]])
    return reply as readonly unknown[]
  }
}

/** Its id is the model's position. */
function messageOf(position: number, { keyOf, bandOf, bands }: QueueOptions, delay: number): OutgoingMessage {
  return {
    ...{ id: String(position), idSupplied: false, topic: TOPIC, payload: '', size: 0, contentType: '', headers: {} },
    ...{ key: keyOf(position), priority: bands - 1 - bandOf(position), time: 0, source: '', version: 1, delay },
    ...{ correlationId: undefined, causationId: undefined },
  }
}
