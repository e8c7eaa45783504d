import type { Subscription } from '@nats-io/transport-node'
import type { SubscriptionName, TimerHandle } from '@pluribus/core/driver'
import { bareHeaders, numberOf } from './codec.js'
import type { Item } from './item.js'
import type { Link } from './link.js'
import { NOBODY, readSubject } from './names.js'
import type { Entry } from './outlet.js'

/** What a key order is made with. */
export interface KeyOrderOptions {
  readonly link: Link
  readonly subscription: SubscriptionName
  /** The first position that the subscription handles. */
  readonly start: number
  /** How often it is looked whether what others hold is free, should word of it be lost, in milliseconds. */
  readonly patience: number
  /** It is the first of its key that is not handled. */
  ready(item: Item): void
  /** It was handled before, and only its acknowledgement was lost. */
  handled(item: Item): void
}

/** Up to where a key is handled, as it was read. */
interface Floor {
  /** Everything of the key below this position is handled. */
  readonly next: number
  /** What the next write of it expects to be there. */
  readonly revision: number
}

interface Line {
  /** The one that core may have. */
  running: Item | undefined
  /** Those behind it, by position. */
  readonly waiting: Item[]
  isLooking: boolean
  /** Something has changed since the look began. */
  isStale: boolean
}

/**
 * Messages of one key one after the other, whichever processes have them. The server hands out what comes next without looking
 * at keys, so that two processes may get two messages of one key at once. Here each asks the stream for the key's first message
 * that is not handled, and waits unless it has that one itself. Up to where a key is handled is a record, written by
 * compare-and-set before the acknowledgement is sent: whoever was taken for dead settles nothing any more.
 */
export class KeyOrder {
  readonly #options: KeyOrderOptions
  readonly #lines = new Map<string, Line>()
  readonly #idle = new Set<() => void>()
  #looking = 0
  #listening: Subscription | undefined
  #timer: TimerHandle | undefined
  #isOver = false

  constructor(options: KeyOrderOptions) {
    this.#options = options
  }

  /** Hears from now on when somebody has settled a message of a key. */
  listen(): void {
    const { link, subscription } = this.#options
    this.#listening = link.nats.subscribe(link.names.wake(subscription), {
      callback: (error, message) => {
        if (error === null) this.#freed(message.string())
      },
    })
  }

  /** A message has arrived. */
  enter(item: Item): void {
    const line = this.#lineOf(item)
    const at = line.waiting.findIndex(({ position }) => position > item.position)
    line.waiting.splice(at < 0 ? line.waiting.length : at, 0, item)
    this.#look(item.key as string, line)
  }

  /** It is known to be the first of its key: core had it before. */
  adopt(item: Item): void {
    this.#lineOf(item).running = item
  }

  /** Resolves when it is known of everything that has come whether it is first. */
  settled(): Promise<void> {
    if (this.#looking === 0 || this.#isOver) return Promise.resolve()
    return new Promise(resolve => this.#idle.add(resolve))
  }

  /** The same one, under another token. */
  replace(item: Item, other: Item): void {
    const line = this.#lines.get(item.key as string)
    if (line?.running === item) line.running = other
  }

  /** It is out of our hands. */
  leave(item: Item): void {
    const key = item.key as string
    const line = this.#lines.get(key)
    if (line === undefined) return
    const at = line.waiting.indexOf(item)
    if (at >= 0) line.waiting.splice(at, 1)
    if (line.running === item) line.running = undefined
    if (line.running === undefined && line.waiting.length === 0) this.#lines.delete(key)
    else this.#look(key, line)
  }

  /** Says that a message is handled; refused where somebody else has said so since it was handed out. */
  entry(item: Item): Entry {
    const { link, subscription } = this.#options
    const subject = link.names.key(subscription, item.key as string)
    return { subject, headers: bareHeaders({ after: item.revision }), payload: `{"next":${item.position + 1}}` }
  }

  #freed(key: string): void {
    const line = this.#lines.get(key)
    if (line === undefined) return
    line.isStale = true
    this.#look(key, line)
  }

  #announce(): void {
    for (const resolve of this.#idle) resolve()
    this.#idle.clear()
  }

  stop(): void {
    this.#isOver = true
    this.#announce()
    this.#lines.clear()
    this.#listening?.unsubscribe()
    if (this.#timer !== undefined) this.#options.link.environment.timers.clearTimeout(this.#timer)
  }

  #lineOf(item: Item): Line {
    const key = item.key as string
    const line = this.#lines.get(key) ?? { running: undefined, waiting: [], isLooking: false, isStale: false }
    this.#lines.set(key, line)
    return line
  }

  #look(key: string, line: Line): void {
    const [item] = line.waiting
    if (this.#isOver || line.isLooking || line.running !== undefined || item === undefined) return
    line.isLooking = true
    line.isStale = false
    this.#looking++
    this.#judge(item).then(
      isFree => this.#judged(key, line, item, isFree),
      (error: unknown) => {
        this.#options.link.environment.logger.debug({ error }, 'It could not be read which message of a key is first.')
        this.#judged(key, line, item, false)
      },
    )
  }

  #judged(key: string, line: Line, item: Item, verdict: boolean | 'handled'): void {
    line.isLooking = false
    this.#looking--
    if (!this.#isOver && this.#lines.get(key) === line) this.#act(key, line, item, verdict)
    if (this.#looking === 0) this.#announce()
  }

  #act(key: string, line: Line, item: Item, verdict: boolean | 'handled'): void {
    // Something earlier has come meanwhile, or this one has gone.
    if (line.waiting[0] !== item || (verdict === false && line.isStale)) return this.#look(key, line)
    if (verdict === false) return this.#sleep()
    line.waiting.shift()
    if (verdict === 'handled') {
      this.#options.handled(item)
      this.leave(item)
      return
    }
    line.running = item
    this.#options.ready(item)
  }

  async #judge(item: Item): Promise<boolean | 'handled'> {
    const floor = await this.#floorOf(item)
    if (floor.next > item.position) return 'handled'
    item.revision = floor.revision
    return (await this.#firstOf(item, floor.next)) >= item.position
  }

  async #floorOf(item: Item): Promise<Floor> {
    const { link, subscription, start } = this.#options
    const subject = link.names.key(subscription, item.key as string)
    const found = await link.manager.direct.getMessage(link.names.state(subscription.topic), { last_by_subj: subject })
    if (found === null) return { next: start, revision: 0 }
    const { next }: { next: number } = JSON.parse(Buffer.from(found.data).toString())
    return { next, revision: found.seq }
  }

  /** The position of the key's first message from a position on that is for this subscription. */
  async #firstOf(item: Item, from: number): Promise<number> {
    const { link, subscription, start } = this.#options
    const { topic, name } = subscription
    const subject = link.names.messagesOf(topic, item.key as string)
    for (let seq = from; ; ) {
      const found = await link.manager.direct.getMessage(link.names.stream(topic), { seq, next_by_subj: subject })
      if (found === null) return Number.POSITIVE_INFINITY
      const forWhom = readSubject(found.subject)?.forWhom
      const origin = numberOf(found.header.toString(), 'pluribus-origin') ?? start
      if ((forWhom === NOBODY || forWhom === name) && origin >= start) return found.seq
      seq = found.seq + 1
    }
  }

  #sleep(): void {
    const { link, patience } = this.#options
    this.#timer ??= link.environment.timers.setTimeout(() => {
      this.#timer = undefined
      for (const [key, line] of this.#lines) this.#look(key, line)
    }, patience)
  }
}
