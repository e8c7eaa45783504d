import type { Msg } from '@nats-io/transport-node'
import type { TimerHandle } from '@pluribus/core/driver'
import type { Declared } from './declaration.js'
import { countAt, deliveryOf } from './delivery-subject.js'
import type { Hand } from './hand.js'
import type { Item } from './item.js'
import type { Lapsed } from './lapsed.js'
import type { Link } from './link.js'
import { NOBODY, readSubject } from './names.js'
import { hasSubject, replyOf } from './received.js'
import { ReceivedMessage } from './received-message.js'
import { type FoundRun, lossesOf, type Runs } from './runs.js'
import type { Heir } from './succession.js'

/** What arrivals are made with. */
export interface ArrivalsOptions {
  readonly link: Link
  readonly declared: Declared
  readonly runs: Runs
  readonly hand: Hand
  readonly lapsed: Lapsed
  /** Positions of which something is known, though they may come as if for the first time. */
  readonly known: ReadonlySet<number>
  /** These are ours, of what has come together, in this order. */
  admit(items: readonly Item[]): void
}

/** What the subject of a message says. */
interface Place {
  readonly subject: string
  /** It is for another subscription. */
  readonly isOthers: boolean
  /** Of its key; undefined where it has none. */
  readonly key: string | undefined
}

interface Arrival {
  readonly received: Msg
  /** Where its acknowledgement goes. */
  readonly reply: string
  readonly position: number
  readonly count: number
  readonly time: number
  /** The server has handed it out at that time or later, monotonic milliseconds. */
  readonly since: number
  /** What has come together has one. */
  readonly chunk: number
  found: FoundRun | undefined
  isLooking: boolean
}

/** Before a look-up that has failed is tried again, in milliseconds. */
const PAUSE = 50

const FRESH: FoundRun = Object.freeze({
  record: Object.freeze({ count: 0, losses: 0, marks: 0, failures: 0, errors: [] }),
  at: 0,
})

/**
 * Between what the server sends and what is ours: messages that are for others are passed over, and those that have been handed out
 * before wait until it is read what is known of them. Everything behind such a one waits too, so that the order stays.
 */
export class Arrivals {
  readonly #options: ArrivalsOptions
  readonly #prefix: string
  #queue: Arrival[] = []
  #isScheduled = false
  #chunk = 0
  #isOver = false
  #timer: TimerHandle | undefined
  /** In what acknowledgements go to. */
  #countAt: number | undefined
  /** Most messages have the one of the message before. */
  #place: Place | undefined
  readonly #idle = new Set<() => void>()

  constructor(options: ArrivalsOptions) {
    const { link, declared } = options
    this.#options = options
    const any = link.names.message(declared.spec.topic, NOBODY, 0, NOBODY)
    this.#prefix = any.slice(0, -`0.${NOBODY}`.length)
  }

  add(received: Msg, since: number): void {
    const { lapsed, known } = this.#options
    const reply = replyOf(received)
    this.#countAt ??= countAt(reply)
    const { count, position, time } = deliveryOf(reply, this.#countAt)
    const isFresh = count === 1 && !lapsed.has(position) && !known.has(position)
    const found = isFresh ? FRESH : undefined
    this.#queue.push({ received, reply, position, count, time, since, chunk: this.#chunk, found, isLooking: false })
    if (this.#isScheduled) return
    this.#isScheduled = true
    // When everything of this chunk of the socket has been added.
    queueMicrotask(this.#flush)
  }

  /** Resolves when everything that has arrived has been admitted. */
  settled(): Promise<void> {
    if (this.#queue.length === 0 || this.#isOver) return Promise.resolve()
    return new Promise(resolve => this.#idle.add(resolve))
  }

  /** What has not been admitted goes to somebody else. */
  surrender(heir: Heir): void {
    const queue = this.#queue
    this.stop()
    for (const { received, since } of queue) heir(received, since)
  }

  stop(): void {
    this.#isOver = true
    this.#queue = []
    if (this.#timer !== undefined) this.#options.link.environment.timers.clearTimeout(this.#timer)
    this.#announce()
  }

  readonly #flush = (): void => {
    if (this.#isScheduled) this.#chunk++
    this.#isScheduled = false
    if (this.#isOver) return
    // All that has come together is admitted together: what has been given back keeps its place before what came with it.
    const waiting = this.#queue.findIndex(({ found }) => found === undefined)
    let done = waiting < 0 ? this.#queue.length : 0
    while (waiting > 0 && (this.#queue[done] as Arrival).chunk !== (this.#queue[waiting] as Arrival).chunk) done++
    const items = this.#admitted(done)
    if (done > 0) this.#queue = done === this.#queue.length ? [] : this.#queue.slice(done)
    for (const arrival of this.#queue) this.#look(arrival)
    if (done > 0) this.#options.admit(items)
    if (this.#queue.length === 0) this.#announce()
  }

  #announce(): void {
    for (const resolve of this.#idle) resolve()
    this.#idle.clear()
  }

  #look(arrival: Arrival): void {
    if (arrival.isLooking || arrival.found !== undefined) return
    arrival.isLooking = true
    this.#options.runs.find(arrival.position).then(
      found => {
        arrival.found = found
        this.#flush()
      },
      (error: unknown) => {
        arrival.isLooking = false
        if (this.#isOver) return
        const { environment } = this.#options.link
        environment.logger.debug({ error }, 'What is known of a message could not be read; it is tried again.')
        this.#timer ??= environment.timers.setTimeout(() => {
          this.#timer = undefined
          this.#flush()
        }, PAUSE)
      },
    )
  }

  /** The first so many; what is for others is passed over. */
  #admitted(count: number): readonly Item[] {
    const { link, declared } = this.#options
    const items: Item[] = []
    for (let at = 0; at < count; at++) {
      const arrival = this.#queue[at] as Arrival
      const { received, position, time } = arrival
      const { isOthers, key } = this.#placeOf(received)
      const message = new ReceivedMessage(received, declared.spec.topic, position, time)
      if (isOthers || this.#isEarlier(message)) link.nats.publish(arrival.reply, '')
      else items.push(this.#itemOf(arrival, message, key))
    }
    return items
  }

  #placeOf(received: Msg): Place {
    if (this.#place !== undefined && hasSubject(received, this.#place.subject)) return this.#place
    const { subject } = received
    const place = subject.startsWith(this.#prefix) ? undefined : readSubject(subject)
    const isOthers =
      place !== undefined && place.forWhom !== NOBODY && place.forWhom !== this.#options.declared.spec.name
    const token = subject.slice(subject.lastIndexOf('.') + 1)
    this.#place = { subject, isOthers, key: token === NOBODY ? undefined : token }
    return this.#place
  }

  /** It was published before this subscription began, and has become due since. */
  #isEarlier(message: ReceivedMessage): boolean {
    const { start } = this.#options.declared
    return start > 1 && (message.origin ?? start) < start
  }

  #itemOf(arrival: Arrival, message: ReceivedMessage, key: string | undefined): Item {
    const { declared, hand, lapsed } = this.#options
    const { reply, position, count, since, found = FRESH } = arrival
    const isOurs = found !== FRESH && (lapsed.take(position, count) || hand.holds(position, count - 1))
    const { losses, marks } = found === FRESH ? found.record : lossesOf(found, count, isOurs)
    return {
      message,
      // Nobody else looks at it.
      priority: declared.spec.discipline.kind === 'priority' ? message.priority : 0,
      position,
      reply,
      count,
      key,
      failures: found.record.failures,
      errors: found.record.errors,
      losses,
      marks,
      dueAt: since,
      record: found.at,
      revision: 0,
      renewedAt: since,
      leasedUntil: Number.POSITIVE_INFINITY,
      isOut: false,
      isMarked: false,
      isSettling: false,
      isOver: false,
    }
  }
}
