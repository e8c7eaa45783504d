import type { Environment, TimerHandle } from '../../driver/environment.js'
import type { Delivery, Pulled, Source } from '../../driver/subscriber.js'
import type { Watchdog } from '../connection/watchdog.js'

/** A source that came short is asked again after this long, in milliseconds, even if no wake-up has come: one may have been lost. */
const LONGEST_SLEEP = 15_000

/** What an intake asks of its session. */
export interface IntakeOwner {
  /**
   * How many more deliveries may be held now. `returning`: so many are to come over from the source before. `isDue`: the source is
   * called in any case, so that a few are no reason to wait for more.
   */
  wanted(returning: number, isDue: boolean): number
  /** A pull has been answered: what has been lost by now is to be known before what it brought is looked at. */
  answered(): void
  /** Whether anything goes on here that a delivery might come back to: cheaper than asking for each. */
  isAdopting(): boolean
  /** Whether a delivery that has come back belongs to something that is still going on here, and needs no new run. */
  adopt(delivery: Delivery): boolean
  /** There is something to start. `since`: no lease of it began earlier, monotonic milliseconds. */
  arrived(since: number): void
  failed(error: unknown): void
}

/**
 * What has been pulled and not started, and when to pull again: at once while pulls come back full, otherwise on a wake-up or
 * when time has made something ready. A suspect is kept apart, and nothing is pulled until it is done with.
 */
export class Intake {
  readonly #source: Source
  readonly #environment: Environment
  readonly #watchdog: Watchdog
  readonly #owner: IntakeOwner
  #buffer: readonly Delivery[] = []
  #head = 0
  /** A pull came short: there is nothing until a wake-up. */
  #isDry = false
  /** The last pull has left a demand standing, whether there was more or not: the source may be handed what nobody pulls yet. */
  #hasDemand = false
  #isPulling = false
  #isWoken = false
  /** The last pull has failed: the next one waits for `resume`. */
  #isPaused = false
  #isOver = false
  /** What came over from the source before and has not been pulled: leased, and renewed by nobody until it is. */
  #returning: number
  #dueTimer: TimerHandle | undefined
  /** When that timer fires, monotonic milliseconds. */
  #dueAt = 0
  /** Pulled alone, to be run alone. */
  suspect: Delivery | undefined
  /** Suspects that cannot be run for now. Others are pulled past them. */
  readonly #aside = new Set<Delivery>()

  constructor(source: Source, environment: Environment, watchdog: Watchdog, owner: IntakeOwner) {
    this.#source = source
    this.#returning = source.transferred ?? 0
    this.#environment = environment
    this.#watchdog = watchdog
    this.#owner = owner
  }

  get size(): number {
    return this.#buffer.length - this.#head
  }

  shift(): Delivery | undefined {
    if (this.#head === this.#buffer.length) return undefined
    const delivery = this.#buffer[this.#head++]
    if (this.#head === this.#buffer.length) {
      this.#buffer = []
      this.#head = 0
    }
    return delivery
  }

  /** How many suspects have been put aside. */
  get aside(): number {
    return this.#aside.size
  }

  /** The suspect is held, and in nobody's way. */
  putAside(): void {
    if (this.suspect !== undefined) this.#aside.add(this.suspect)
    this.suspect = undefined
  }

  /** Takes out what was put aside; answers whether it was still there. */
  takeAside(delivery: Delivery): boolean {
    return this.#aside.delete(delivery)
  }

  /** Everything buffered, suspects included. */
  held(): Delivery[] {
    const held = [...this.#buffer.slice(this.#head), ...this.#aside]
    return this.suspect === undefined ? held : [...held, this.suspect]
  }

  /** Removes buffered deliveries that the broker has taken away. */
  drop(isLost: (delivery: Delivery) => boolean): Delivery[] {
    const held = this.held()
    this.#buffer = this.#buffer.slice(this.#head).filter(delivery => !isLost(delivery))
    this.#head = 0
    if (this.suspect !== undefined && isLost(this.suspect)) this.suspect = undefined
    const lost = held.filter(isLost)
    for (const delivery of lost) this.#aside.delete(delivery)
    return lost
  }

  wake(): void {
    // A wake-up during a pull may be for something that the pull has just missed.
    if (this.#isPulling) this.#isWoken = true
    else this.#answerWake()
  }

  refill(): void {
    if (this.#isPulling || this.#isDry || this.#isPaused || this.#isOver) return
    const room = this.#room(false)
    if (room > 0) this.#call(room)
  }

  /** After a failure: pulls again. */
  resume(): void {
    this.#isPaused = false
    this.refill()
  }

  /** Drops everything; the source gives it back, or its lease ends. */
  stop(): void {
    this.#isOver = true
    this.#buffer = []
    this.#head = 0
    this.suspect = undefined
    this.#aside.clear()
    this.#clearDue()
  }

  /** Where there is no room any more for what the last pull left standing, the demand is withdrawn: others may wait for it. */
  #answerWake(): void {
    this.#isDry = false
    if (this.#isPaused || this.#isOver) return
    const room = this.#room(this.#hasDemand)
    if (room > 0 || this.#hasDemand) this.#call(room)
  }

  #room(isDue: boolean): number {
    return this.suspect === undefined ? Math.max(0, this.#owner.wanted(this.#returning, isDue)) : 0
  }

  #call(wanted: number): void {
    this.#isPulling = true
    this.#hasDemand = false
    const began = this.#environment.clock.monotonic()
    this.#watchdog.watch('pull', this.#pull(wanted)).then(
      pulled => this.#pulled(pulled, wanted, began),
      error => this.#failed(error),
    )
  }

  #pull(wanted: number): Promise<Pulled> {
    try {
      return this.#source.pull(wanted)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #failed(error: unknown): void {
    this.#isPulling = false
    if (this.#isOver) return
    this.#isPaused = true
    this.#owner.failed(error)
  }

  #pulled({ deliveries, dueIn, more, since = Number.POSITIVE_INFINITY }: Pulled, wanted: number, began: number): void {
    this.#isPulling = false
    if (this.#isOver) return
    this.#owner.answered()
    const isWoken = this.#isWoken
    this.#isWoken = false
    this.#hasDemand = deliveries.length < wanted
    this.#isDry = this.#hasDemand && more !== true
    this.#returning = this.#isDry ? 0 : Math.max(0, this.#returning - deliveries.length)
    if (this.#isDry) this.#sleep(dueIn)
    this.#keep(deliveries)
    if (deliveries.length > 0) this.#owner.arrived(Math.min(began, since))
    if (isWoken) this.#answerWake()
    else if (deliveries.length === 0) this.refill()
  }

  #keep(deliveries: readonly Delivery[]): void {
    const [first] = deliveries
    if (first === undefined) return
    if (first.suspect) {
      if (!this.#owner.adopt(first)) this.suspect = first
      return
    }
    const own = this.#owner.isAdopting() ? deliveries.filter(delivery => !this.#owner.adopt(delivery)) : deliveries
    this.#buffer = this.size === 0 ? own : [...this.#buffer.slice(this.#head), ...own]
    this.#head = 0
  }

  readonly #due = (): void => {
    this.#dueTimer = undefined
    this.#isDry = false
    if (this.#isPulling) this.#isWoken = true
    else this.refill()
  }

  /** A timer that is early enough already stays: pulling once too often costs less than setting one for each sleep. */
  #sleep(ms: number = LONGEST_SLEEP): void {
    const due = this.#environment.clock.monotonic() + Math.min(ms, LONGEST_SLEEP)
    if (this.#dueTimer !== undefined && this.#dueAt <= due) return
    this.#clearDue()
    this.#dueAt = due
    this.#dueTimer = this.#environment.timers.setTimeout(this.#due, Math.min(ms, LONGEST_SLEEP))
  }

  #clearDue(): void {
    if (this.#dueTimer !== undefined) this.#environment.timers.clearTimeout(this.#dueTimer)
    this.#dueTimer = undefined
  }
}
