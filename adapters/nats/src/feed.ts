import type { ConsumerInfo } from '@nats-io/jetstream'
import { createInbox, type Msg, type Subscription } from '@nats-io/transport-node'
import type { TimerHandle } from '@pluribus/core/driver'
import { statusOf } from './codec.js'
import { isNotFound, isUnanswered } from './errors.js'
import type { Link } from './link.js'
import { headerText, isWord } from './received.js'

/** How a feed is made. */
export interface FeedOptions {
  readonly stream: string
  readonly consumer: string
  /** How long a request waits at the server at most, in milliseconds. */
  readonly patience: number
  /** The server has handed it out at that time or later, monotonic milliseconds. */
  arrived(message: Msg, since: number): void
  /** The consumer, or its stream, is not there. */
  gone(): void
}

/** How long a request waits at the server while messages come, in milliseconds. */
const FIRST_PATIENCE = 250
/**
 * How long before it is over a request is replaced, in milliseconds, or after half of its time. A server (2.9) that finds the only one
 * over in the moment in which it hands out something again loses that until the wait is over: a process that is busy is late by as much.
 */
const OVERLAP = 125
/** What the one that replaces it asks for until it is over: more would come twice, and have to go back. */
const SUCCESSOR = 1
/** Where a request was refused, or the server is silent, in milliseconds until the next one: at first, and at most. */
const PAUSE = 250
const LONGEST_PAUSE = 2_000
/** How much later than it should the end of a request may be told, in milliseconds. */
const GRACE = 250
/** How long it may take the server to say what there is, in milliseconds. */
const MOST_PATIENT = 500

/** Something that was asked for. Which of several requests a message answers is not said: the oldest is as good as any. */
interface Request {
  readonly number: number
  /** When it is over, monotonic milliseconds. */
  readonly expiresAt: number
  left: number
}

/** Asking for what there is now. */
interface Fetch {
  readonly inbox: string
  readonly listening: Subscription
  left: number
  done(): void
}

/**
 * What a pull consumer hands to us: as much as is wanted, asked for in as few requests as will do. The client's own pulls have no
 * way to ask for nothing but what there is, and none to ask for more while something is still to come.
 */
export class Feed {
  readonly #link: Link
  readonly #options: FeedOptions
  readonly #next: string
  #inbox = ''
  #listening: Subscription | undefined
  #wanted = 0
  #requests: Request[] = []
  #count = 0
  #patience: number
  #pause = PAUSE
  #timer: TimerHandle | undefined
  #isOver = false
  #fetch: Fetch | undefined
  #fetching: Promise<void> = Promise.resolve()
  /** Told when nothing is asked for any more. */
  #quiet: (() => void) | undefined

  constructor(link: Link, options: FeedOptions) {
    this.#link = link
    this.#options = options
    this.#patience = Math.min(FIRST_PATIENCE, options.patience)
    this.#next = `$JS.API.CONSUMER.MSG.NEXT.${options.stream}.${options.consumer}`
  }

  /** Something may still come without being asked for again. */
  get isStanding(): boolean {
    return this.#requests.length > 0
  }

  /** What there is now, up to so many: resolves when it has arrived, or there is nothing. One at a time. */
  fetch(batch: number): Promise<void> {
    const { nats, environment } = this.#link
    if (this.#link.isSilent) return Promise.resolve()
    const fetch = this.#fetch ?? this.#fetcher()
    this.#fetch = fetch
    this.#fetching = new Promise(resolve => {
      // A server that is mistaken about what there is does not answer.
      const timer = environment.timers.setTimeout(resolve, MOST_PATIENT)
      fetch.left = batch
      fetch.done = () => {
        environment.timers.clearTimeout(timer)
        resolve()
      }
      this.#link.call()
      nats.publish(this.#next, JSON.stringify({ batch, no_wait: true }), { reply: fetch.inbox })
    })
    return this.#fetching
  }

  /** So many are wanted from now on; those that come count against it. */
  want(count: number): void {
    this.#wanted = count
    if (this.#isOver) return
    const now = this.#link.environment.clock.monotonic()
    let lasting = 0
    let ending = 0
    for (const { left, expiresAt } of this.#requests) {
      if (expiresAt > now + this.#overlap) lasting += left
      else if (expiresAt > now) ending += left
    }
    const missing = count - lasting - ending
    // Small gaps are not worth a request: what is outstanding will come first.
    if (missing > 0 && (lasting + ending === 0 || missing * 4 >= count)) this.#ask(missing)
    else if (lasting === 0 && count > 0) this.#ask(Math.min(count, SUCCESSOR))
  }

  /** Nothing is wanted any more. What is on its way still arrives; resolves when nothing is. */
  async stop(): Promise<void> {
    this.#wanted = 0
    if (this.#link.nats.isClosed()) return this.abandon()
    await this.#fetching
    await this.#silence()
    this.#clear()
    const open = [this.#listening, this.#fetch?.listening].filter(one => one !== undefined)
    this.#listening = undefined
    this.#fetch = undefined
    this.#requests = []
    if (open.length === 0 || this.#link.nats.isClosed()) return
    await Promise.all([...open.map(listening => listening.drain()), this.sweep()])
    await this.sweep()
  }

  /** The connection is over. */
  abandon(): void {
    this.#isOver = true
    this.#requests = []
    this.#clear()
  }

  /** For good. */
  async end(): Promise<void> {
    this.#isOver = true
    await this.stop()
  }

  /** For good, on a link that may hang: that is not waited for. Never rejects. */
  quit(): Promise<void> {
    const { timers } = this.#link.environment
    return new Promise(resolve => {
      const timer = timers.setTimeout(resolve, 2 * MOST_PATIENT)
      const done = () => {
        timers.clearTimeout(timer)
        resolve()
      }
      this.end().then(done, done)
    })
  }

  /**
   * Has the server forget requests that nobody listens for any more. It does so when it is asked about the consumer. Where it has not
   * (2.9), and the next thing it does is to hand out something again, that is gone until the wait is over, and the newest message is
   * handed out twice. Answers what it has said.
   */
  async sweep(): Promise<ConsumerInfo | undefined> {
    const { manager } = this.#link
    try {
      return await manager.consumers.info(this.#options.stream, this.#options.consumer)
    } catch (error) {
      if (!isNotFound(error) && !isUnanswered(error)) throw error
      this.#options.gone()
      return undefined
    }
  }

  get #overlap(): number {
    return Math.min(OVERLAP, this.#patience / 2)
  }

  #ask(batch: number): void {
    const { nats, environment } = this.#link
    if (nats.isClosed()) return
    if (this.#link.isSilent) return this.#look(PAUSE)
    if (this.#listening === undefined) this.#listen()
    const number = ++this.#count
    const expires = this.#patience * 1_000_000
    this.#requests.push({ number, expiresAt: environment.clock.monotonic() + this.#patience, left: batch })
    this.#link.call()
    nats.publish(this.#next, JSON.stringify({ batch, expires }), { reply: `${this.#inbox}.${number}` })
    if (this.#timer === undefined) this.#look(this.#patience - this.#overlap)
  }

  /**
   * Whoever stops listening while something is sent to him makes the server count a delivery that nobody has seen. So where what has been
   * asked for is over in a moment anyway, that is waited for.
   */
  async #silence(): Promise<void> {
    const { nats, environment } = this.#link
    const last = this.#requests.at(-1)
    const left = (last?.expiresAt ?? 0) - environment.clock.monotonic()
    if (last === undefined || left > FIRST_PATIENCE || nats.isClosed()) return
    await new Promise<void>(resolve => {
      const timer = environment.timers.setTimeout(resolve, Math.max(0, left) + GRACE)
      this.#quiet = () => {
        environment.timers.clearTimeout(timer)
        resolve()
      }
    })
    this.#quiet = undefined
  }

  #listen(): void {
    this.#inbox = createInbox()
    const listening = this.#link.nats.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error !== null) return
        const isCurrent = listening === this.#listening
        if (isWord(message)) {
          if (isCurrent) this.#told(message)
        } else {
          if (isCurrent) this.#counted()
          this.#options.arrived(message, this.#link.heardAt)
        }
      },
    })
    this.#listening = listening
  }

  #counted(): void {
    this.#patience = Math.min(FIRST_PATIENCE, this.#options.patience)
    if (this.#wanted > 0) this.#wanted--
    const [oldest] = this.#requests
    if (oldest === undefined || --oldest.left > 0) return
    this.#requests.shift()
    this.#settle()
  }

  #told(message: Msg): void {
    const text = headerText(message)
    const status = statusOf(text)
    if (status === 100) return
    const number = Number(message.subject.slice(message.subject.lastIndexOf('.') + 1))
    this.#requests = this.#requests.filter(request => request.number !== number)
    this.#settle()
    if (isGone(text)) return this.#options.gone()
    // Where nothing comes, asking becomes rarer.
    if (status === 408) this.#patience = Math.min(2 * this.#patience, this.#options.patience)
    // By a timer in any case: a process that is over has none, and asks for nothing more.
    this.#look(status === 408 ? 0 : this.#pause)
    this.#pause = status === 408 ? PAUSE : Math.min(2 * this.#pause, LONGEST_PAUSE)
  }

  #settle(): void {
    if (this.#requests.length === 0) this.#quiet?.()
  }

  /** Looks again whether something is missing. Whatever has become of a request, it is over when its time is. */
  #look(ms: number): void {
    const { timers, clock } = this.#link.environment
    this.#clear()
    this.#timer = timers.setTimeout(() => {
      this.#timer = undefined
      const now = clock.monotonic()
      this.#requests = this.#requests.filter(({ expiresAt }) => now < expiresAt + GRACE)
      this.#settle()
      this.want(this.#wanted)
      const [oldest] = this.#requests
      if (oldest === undefined || this.#timer !== undefined) return
      const left = oldest.expiresAt - now
      this.#look(left > this.#overlap ? left - this.#overlap : left + GRACE)
    }, ms)
  }

  #fetcher(): Fetch {
    const inbox = createInbox()
    const listening = this.#link.nats.subscribe(inbox, {
      callback: (error, message) => {
        if (error !== null) return
        if (isWord(message)) {
          fetch.left = 0
          if (isGone(headerText(message))) this.#options.gone()
        } else {
          fetch.left--
          this.#options.arrived(message, this.#link.heardAt)
        }
        if (fetch.left === 0) fetch.done()
      },
    })
    const fetch: Fetch = { inbox, listening, left: 0, done: () => {} }
    return fetch
  }

  #clear(): void {
    if (this.#timer !== undefined) this.#link.environment.timers.clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

/** The consumer was deleted, or nobody answers for it. */
function isGone(text: string): boolean {
  const status = statusOf(text)
  return status === 503 || (status === 409 && /deleted/i.test(text))
}
