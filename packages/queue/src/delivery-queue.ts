import { Claimed } from './claimed.js'
import { DeadLetters } from './dead-letters.js'
import { DueHeap } from './due-heap.js'
import { Handover } from './handover.js'
import { KeyGate } from './key-gate.js'
import { LeaseTable, MARKED, type Session, TROUBLED } from './lease-table.js'
import type { Stretch } from './pending-counts.js'
import type { QueueCounts, QueueOptions, Restored } from './queue-options.js'
import { ReadyBands } from './ready-bands.js'
import { restore } from './restoration.js'
import { SUSPECT_AFTER, type Trouble, TroubleBook } from './trouble.js'

const NONE = -1

/**
 * The deliveries of one subscription: what waits, what is leased, delayed, blocked or dead. Pure and synchronous, over
 * positions (non-negative safe integers that rise with publishing); it never sees a message and never reads a clock.
 * The same calls with the same arguments give the same answers, tokens included.
 *
 * Times are milliseconds of the caller's clock. A `now` smaller than an earlier one is read as the earlier one. What has come due is
 * noticed by the next `claim`, `add`, `redrive` or `notice`, before it does anything else, so that places are those of the due
 * instants; until then counts keep it where it was. A lapsed lease is noticed by `claim` only, and may be settled until then.
 *
 * @example
 * ```ts
 * import { DeliveryQueue } from '@pluribus/queue'
 *
 * const keys = ['', 'ada', 'bob', 'ada']
 * const queue = new DeliveryQueue({
 *   order: 'fifo', bands: 1, keyOf: position => keys[position], bandOf: () => 0, handled: () => {},
 * })
 * for (const position of [1, 2, 3]) queue.add(position, 0, performance.now())
 * const session = queue.open(0, 30_000)
 * const count = queue.claim(session, 256, performance.now()) // 2: the second one of ada waits for the first
 * for (let i = 0; i < count; i++) queue.ack(queue.claimed.token[i] ?? -1)
 * ```
 */
export class DeliveryQueue {
  /** What the last claim took; overwritten by the next one. */
  readonly claimed = new Claimed()

  readonly #options: QueueOptions
  readonly #bands: number
  /**
   * In fifo, the order of a key is the order of places, so a key is looked at when a message is taken, and only a conflict costs
   * anything. Elsewhere a later message of a key may be served sooner than an earlier one: what stands in a line holds its key already.
   */
  readonly #keyedOnTake: boolean
  readonly #ready: ReadyBands
  readonly #keys = new KeyGate()
  readonly #waits = new DueHeap()
  readonly #leases = new LeaseTable()
  readonly #troubles = new TroubleBook()
  readonly #dead = new DeadLetters()
  readonly #handover: Handover
  #records: number
  #now = Number.NEGATIVE_INFINITY

  /**
   * @param restored Of an earlier queue, in the order of places; the scheduled ones in that of adding, the dead in that of dying. A stretch
   * is of messages that are ready, with nothing held against them.
   * @throws RangeError when `bands` is no positive integer, or not 1 where the order is fifo or lifo.
   */
  constructor(options: QueueOptions, restored: Iterable<Restored | Stretch> = []) {
    const { order, bands } = options
    this.#options = options
    this.#bands = bands
    this.#keyedOnTake = order === 'fifo'
    this.#ready = ReadyBands.of(order, bands)
    const [ready, keys, waits, dead] = [this.#ready, this.#keys, this.#waits, this.#dead]
    const bandOf = (position: number) => this.#bandOf(position)
    const shared = { leases: this.#leases, troubles: this.#troubles, claimed: this.claimed, bandOf }
    this.#handover = new Handover({ ...shared, direction: ready.line(0).direction })
    const join = (position: number) => this.#join(position)
    this.#records = restore({ ...shared, ready, keys, waits, dead, keyOf: options.keyOf, join }, restored)
  }

  /**
   * A message joins the subscription: once, and not before the ones with smaller positions. A late subscription is filled this way
   * from any position; told when each message was published, it gives the places it would have given then.
   *
   * @param due 0: ready at once. Else when it becomes ready; its place, and its turn within its key, are of that moment,
   * or of `now` where that is later.
   */
  add(position: number, due: number, now: number): void {
    this.#pass(now)
    if (due === 0) this.#join(position)
    else this.#waits.schedule(position, due)
    this.#records++
  }

  /**
   * Opens a consumer session and returns its id.
   *
   * @param instance The process or broker that loses what it holds; several may share it.
   * @param lease Milliseconds.
   */
  open(instance: number, lease: number): number {
    return this.#leases.open(instance, lease)
  }

  /** Gives back what the session holds, uncounted, each at its place, and forgets the session. Unknown: does nothing. */
  close(session: number): void {
    const found = this.#leases.session(session)
    if (found === undefined) return
    for (let slot = this.#leases.first(found); slot !== NONE; slot = this.#leases.first(found)) this.#giveBack(slot)
    this.#leases.close(session)
  }

  /**
   * What `from` holds goes over to `to`, which replaces it, and is ready for nobody in between: each lease lasts from now under a new
   * token; its mark and all that is counted stay. `to` claims these before anything else. `from` is closed. Returns how many.
   *
   * @throws RangeError when `to` is not open, or of another instance: that would hide a loss.
   */
  transfer(from: number, to: number, now: number): number {
    return this.#handover.transfer(from, to, this.#advance(now))
  }

  /** What is leased to the session, in the order in which the leases end. Not to be changed meanwhile. */
  leasedTo(session: number): IterableIterator<number> {
    return this.#leases.positionsOf(session)
  }

  /** Those that are open: at first one for each instance that the queue was begun with leases of. */
  sessions(): IterableIterator<Readonly<Pick<Session, 'id' | 'instance'>>> {
    return this.#leases.sessions()
  }

  /** Whether anything is leased to the session. */
  isHolding(session: number): boolean {
    return this.#leases.isHolding(session)
  }

  /**
   * Promotes what is due, takes back expired leases, then leases up to `max` messages in the order of the subscription,
   * those first that came over by `transfer`. Returns how many; they stand in `claimed`.
   *
   * Stops before a suspect when it has taken something; takes a suspect alone. Where that leaves messages behind,
   * `hasReady` says so.
   *
   * @throws RangeError when the session is not open.
   */
  claim(session: number, max: number, now: number): number {
    const holder = this.#leases.opened(session)
    const time = this.#pass(now)
    if (this.#leases.mayExpire(time)) this.#expire(time)
    let count = holder.reserved === undefined ? 0 : this.#handover.claim(holder, max, time)
    if (holder.reserved !== undefined) return count
    const most = Math.min(max, this.#leases.room + count)
    while (count < most) {
      const band = this.#ready.seek()
      if (band === NONE) break
      if (!this.#ready.returnedFirst(band)) {
        const slot = this.#takeFromLine(band, holder)
        if (slot !== NONE) this.#report(count++, slot, undefined)
        continue
      }
      const trouble = this.#troubles.get(this.#ready.returned(band).position)
      const suspect = trouble !== undefined && this.#troubles.losses(trouble, holder.instance) >= SUSPECT_AFTER
      if (suspect && count > 0) break
      const slot = this.#takeReturned(band, holder)
      this.#report(
        count++,
        slot,
        trouble && this.#troubles.judge(this.#leases.position[slot] as number, trouble, holder.instance),
      )
      if (suspect) break
    }
    return count
  }

  /** Handled: the delivery is gone, and its key free. False when the token is stale; then nothing changes, here as below. */
  ack(token: number): boolean {
    const slot = this.#leases.find(token)
    if (slot === NONE) return false
    const position = this.#leave(slot)
    this.#records--
    this.#options.handled(position)
    return true
  }

  /** A failed run. The message keeps its place and its key; it is ready again at `due`, or at once where that is 0. */
  retry(token: number, due: number): boolean {
    const slot = this.#leases.find(token)
    if (slot === NONE) return false
    const position = this.#leases.position[slot] as number
    this.#troubles.failed(position)
    if (due === 0) return this.#giveBack(slot)
    this.#leases.end(slot)
    this.#waits.retry(position, due, this.#leases.place[slot] as number)
    return true
  }

  /** Given back unrun: ready at its place, nothing counted; a mark on this delivery is void. */
  release(token: number): boolean {
    const slot = this.#leases.find(token)
    return slot !== NONE && this.#giveBack(slot)
  }

  /** Dead from now on. Returns the position, or -1 when the token is stale. */
  reject(token: number): number {
    const slot = this.#leases.find(token)
    if (slot === NONE) return NONE
    const position = this.#leave(slot)
    this.#dead.add(position)
    return position
  }

  /** The suspect is about to be run, alone: if this lease is lost, that counts against it. */
  mark(token: number): boolean {
    return this.#leases.mark(token)
  }

  /** The lease lasts from now for the length of its session's. One that has lapsed unnoticed is renewed too. */
  renew(token: number, now: number): boolean {
    const slot = this.#leases.find(token)
    if (slot === NONE) return false
    this.#leases.renew(slot, this.#advance(now))
    return true
  }

  /** The message that the token leases, or -1 when it is stale. */
  positionOf(token: number): number {
    return this.#leases.positionOf(token)
  }

  /** A dead message is ready again, last to have joined, with nothing held against it. False when it is not dead. */
  redrive(position: number, now: number): boolean {
    if (!this.#dead.has(position)) return false
    this.#pass(now)
    this.#join(position)
    return this.#dead.delete(position)
  }

  /** A dead message is gone. False when it is not dead. */
  discard(position: number): boolean {
    if (!this.#dead.delete(position)) return false
    this.#records--
    this.#options.handled(position)
    return true
  }

  isDead(position: number): boolean {
    return this.#dead.has(position)
  }

  /** The dead, in the order in which they died. May be walked while they change; who dies meanwhile is not visited. */
  dead(): IterableIterator<number> {
    return this.#dead.positions()
  }

  /** Every message the subscription has not handled, the dead included, in no promised order. Not to be changed meanwhile. */
  *pending(): IterableIterator<number> {
    yield* this.#ready.positions()
    yield* this.#keys.positions()
    yield* this.#waits.positions()
    yield* this.#leases.positions()
    yield* this.#dead.positions()
  }

  /** Whether a claim (by `session`) might find something. Never no wrongly, yes wrongly until the next claim. */
  hasReady(now: number, session = NONE): boolean {
    const time = this.#advance(now)
    if (session !== NONE && this.#leases.session(session)?.reserved?.isEmpty === false) return true
    return this.#ready.seek() !== NONE || this.#waits.due <= time || this.#leases.mayExpire(time)
  }

  /** When time alone makes something ready (a delay passes, a lease expires), or Infinity. */
  nextDue(): number {
    return Math.min(this.#waits.due, this.#leases.nextExpiry())
  }

  /** What is due by now takes its place, as the next claim would let it: so that {@link counts} tell how it is. */
  notice(now: number): void {
    this.#pass(now)
  }

  counts(): QueueCounts {
    const { scheduled, retrying } = this.#waits
    const leased = this.#leases.size
    const dead = this.#dead.size
    return { waiting: this.#records - leased - retrying - scheduled - dead, leased, retrying, scheduled, dead }
  }

  #advance(now: number): number {
    if (now > this.#now) this.#now = now
    return this.#now
  }

  /** Time has passed: what is due by now takes its place before anything else does. Returns the time as it is read. */
  #pass(now: number): number {
    const time = this.#advance(now)
    if (this.#waits.due <= time) this.#promote(time)
    return time
  }

  #bandOf(position: number): number {
    if (this.#bands === 1) return 0
    const band = this.#options.bandOf(position)
    if (Number.isInteger(band) && band >= 0 && band < this.#bands) return band
    throw new RangeError(`Message ${position} is in band ${band}; there are ${this.#bands}, from 0.`)
  }

  /** Ready for the first time, or anew: takes the next place of its band. */
  #join(position: number): void {
    const band = this.#bandOf(position)
    if (!this.#keyedOnTake) {
      const key = this.#options.keyOf(position)
      if (key !== undefined) {
        const gate = this.#keys.enter(key)
        if (gate < 0) {
          this.#keys.park(~gate, position, this.#ready.line(band).reserve())
          return
        }
      }
    }
    this.#ready.join(position, band)
  }

  #promote(now: number): void {
    const waits = this.#waits
    while (waits.due <= now) {
      const { position, place } = waits
      if (place === NONE) this.#join(position)
      else this.#ready.giveBack(position, this.#bandOf(position), place)
      waits.drop()
    }
  }

  #expire(now: number): void {
    const leases = this.#leases
    for (const session of leases.sessions()) {
      for (let slot = leases.expired(session, now); slot !== NONE; slot = leases.expired(session, now)) {
        const marked = ((leases.flags[slot] as number) & MARKED) !== 0
        this.#troubles.lost(leases.position[slot] as number, session.instance, marked)
        this.#giveBack(slot)
      }
    }
    leases.nextExpiry()
  }

  /**
   * Leases the head of the band's line; NONE where its key is taken, and it was parked instead.
   * What stands in a line has never been leased since it joined, so nothing is held against it.
   */
  #takeFromLine(band: number, holder: Session): number {
    const line = this.#ready.line(band)
    const { position, place } = line
    const key = this.#options.keyOf(position)
    let gate = NONE
    if (key !== undefined) {
      gate = this.#keyedOnTake ? this.#keys.enter(key) : this.#keys.gateOf(key)
      if (gate < 0) {
        line.drop()
        this.#keys.park(~gate, position, place)
        return NONE
      }
    }
    line.drop()
    return this.#leases.take(holder, this.#now, position, place, gate)
  }

  /** Leases the first of those that came back. It holds its key: it never let go, or was let through. */
  #takeReturned(band: number, holder: Session): number {
    const returned = this.#ready.returned(band)
    const { position } = returned
    const key = this.#options.keyOf(position)
    const gate = key === undefined ? NONE : this.#keys.gateOf(key)
    const place = this.#ready.returnedPlace(band)
    returned.drop()
    return this.#leases.take(holder, this.#now, position, place, gate)
  }

  /** Writes entry `index` of `claimed`. */
  #report(index: number, slot: number, trouble: Trouble | undefined): void {
    if (trouble !== undefined) this.#leases.flags[slot] = TROUBLED
    this.claimed.put(index, this.#leases.position[slot] as number, this.#leases.token(slot), trouble)
  }

  /** Ends a lease whose message is ready again, at its place. Always true, for the settling calls to return. */
  #giveBack(slot: number): boolean {
    const position = this.#leases.position[slot] as number
    this.#ready.giveBack(position, this.#bandOf(position), this.#leases.place[slot] as number)
    this.#leases.end(slot)
    return true
  }

  /** Ends a lease whose message does not come back by itself: nothing stands against it, and its key goes to the next. */
  #leave(slot: number): number {
    const leases = this.#leases
    const position = leases.position[slot] as number
    const gate = leases.gate[slot] as number
    if (((leases.flags[slot] as number) & TROUBLED) !== 0) this.#troubles.forget(position)
    leases.end(slot)
    const keys = this.#keys
    if (gate !== NONE && keys.leave(gate)) this.#ready.giveBack(keys.position, this.#bandOf(keys.position), keys.place)
    return position
  }
}
