import type { DeadLetterQuery, ErrorRecord, RedriveResult, StoredDeadLetter } from '@pluribus/core/driver'
import { decode, headersOf } from './codec.js'
import { isNotFound } from './errors.js'
import type { Link } from './link.js'
import { keyTokenOf } from './names.js'
import { type Scanned, scan } from './scan.js'

/** Characters that the errors of one dead letter may take. */
const MOST_ERRORS = 96 * 1_024

/** A dead letter where it was found. */
interface Dead {
  readonly letter: StoredDeadLetter
  /** Its own position, beside the topic. */
  readonly at: number
  /** Where it stands why. */
  readonly why: number
}

interface Death {
  readonly reason: string
  readonly attempts: number
  readonly losses: number
  readonly errors: readonly ErrorRecord[]
}

/** The dead letters of subscriptions: one subject each, so that burying twice leaves one. */
export class DeadLetters {
  readonly #link: Link

  constructor(link: Link) {
    this.#link = link
  }

  async *list(query: DeadLetterQuery): AsyncGenerator<StoredDeadLetter, void, undefined> {
    for await (const { letter } of this.#select(query)) yield letter
  }

  async count({ topic, name }: DeadLetterQuery['subscription']): Promise<number> {
    const { manager, names } = this.#link
    const { state } = await manager.streams.info(names.aside(topic), {
      subjects_filter: names.dead({ topic, name }, '*'),
    })
    return Object.keys(state.subjects ?? {}).length
  }

  /** Copy first, delete second. Of several at once the server stores one: the copy has an id of its own. */
  async redrive(query: DeadLetterQuery): Promise<RedriveResult> {
    const { found, missing } = await this.#find(query)
    const { topic, name } = query.subscription
    const { names, appender } = this.#link
    const entries = found.map(({ letter: { message }, at }) => ({
      subject: names.message(topic, name, message.priority, keyTokenOf(message.key)),
      headers: headersOf(message, { dedup: `r:${name}:${at}` }),
      payload: message.payload,
    }))
    const { unstored } = await appender.append(entries)
    const refused = unstored.find(({ error }) => error !== undefined)?.error
    if (refused !== undefined) throw refused
    await this.#delete(topic, found)
    return { redriven: found.length - unstored.length, missing }
  }

  async discard(query: DeadLetterQuery): Promise<number> {
    const { found } = await this.#find(query)
    return this.#delete(query.subscription.topic, found)
  }

  /** Answers how many were still there. */
  async #delete(topic: string, dead: readonly Dead[]): Promise<number> {
    const deleted = await Promise.all(dead.map(({ at }) => this.#deleteAt(topic, at)))
    await Promise.all(dead.map(({ why }) => this.#deleteAt(topic, why)))
    return deleted.filter(Boolean).length
  }

  async #deleteAt(topic: string, position: number): Promise<boolean> {
    const { manager, names } = this.#link
    try {
      return await manager.streams.deleteMessage(names.aside(topic), position, false)
    } catch (error) {
      if (isNotFound(error)) return false
      throw error
    }
  }

  async #find(query: DeadLetterQuery): Promise<{ found: readonly Dead[]; missing: readonly string[] }> {
    const found: Dead[] = []
    const missing = new Set(query.ids)
    for await (const dead of this.#select(query)) {
      found.push(dead)
      missing.delete(dead.letter.message.id)
    }
    return { found, missing: [...missing] }
  }

  async *#select({ subscription, ids, limit }: DeadLetterQuery): AsyncGenerator<Dead, void, undefined> {
    const { names } = this.#link
    const { topic } = subscription
    const wanted = ids === undefined ? undefined : new Set(ids)
    let left = limit ?? Number.POSITIVE_INFINITY
    for await (const scanned of scan(this.#link, names.aside(topic), names.dead(subscription, '*'), 1)) {
      if (left <= 0) return
      const dead = await this.#deadOf(scanned, subscription)
      // Somebody else has just redriven or discarded it.
      if (dead === undefined) continue
      if (wanted !== undefined && !wanted.has(dead.letter.message.id)) continue
      left--
      yield dead
    }
  }

  async #deadOf(
    { subject, position, time, headers, data }: Scanned,
    { topic, name }: DeadLetterQuery['subscription'],
  ): Promise<Dead | undefined> {
    const { manager, names } = this.#link
    const origin = Number(subject.slice(subject.lastIndexOf('.') + 1))
    const why = names.why({ topic, name }, origin)
    const found = await manager.direct.getMessage(names.aside(topic), { last_by_subj: why })
    if (found === null) return undefined
    const { reason, attempts, losses, errors }: Death = JSON.parse(Buffer.from(found.data).toString())
    const message = decode(headers, data, { topic, position: origin, time })
    const letter = { message, subscription: { topic, name }, reason, attempts, losses, errors, time }
    return { letter, at: position, why: found.seq }
  }
}

/** Errors that fit beside a message: where they are too long, stacks go first, those in the middle before the ends. */
export function fitErrors(errors: readonly ErrorRecord[]): readonly ErrorRecord[] {
  const fitting = [...errors]
  const middle = Math.floor(fitting.length / 2)
  const inOrder = fitting.map((_, index) => index).sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle))
  for (const index of inOrder) {
    if (JSON.stringify(fitting).length <= MOST_ERRORS) break
    const { stack: _, ...rest } = fitting[index] as ErrorRecord
    fitting[index] = rest
  }
  return fitting
}
