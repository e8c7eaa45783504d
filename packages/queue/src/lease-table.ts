import { grown } from './grown.js'
import type { ReservedLine } from './reserved-line.js'

const NONE = -1
const SMALLEST = 64

/** Slots; also what a token is taken modulo. Leaves 31 bits for the generation of a slot. */
const SLOTS = 2 ** 22
const MASK = SLOTS - 1

/** The delivery is a suspect that is being run alone. */
export const MARKED = 1
/** Something stands in the trouble book. */
export const TROUBLED = 2

/** One consumer: it holds leases of one length. */
export interface Session {
  readonly id: number
  /** The process that loses what the session holds. */
  readonly instance: number
  /** Milliseconds. */
  readonly lease: number
  /** Slot that stands before the first and after the last lease of the session. */
  readonly anchor: number
  /** Leases that came over from another session and are still to be claimed; undefined for none, nearly always. */
  reserved: ReservedLine | undefined
}

/**
 * What is leased, to whom, until when. A lease is a slot of typed arrays; its token is `generation * 2^22 + slot`, and
 * freeing the slot moves the generation on, so that an old token is refused without a search. (A generation comes round
 * after 2^31 uses of one slot.)
 *
 * The leases of a session form a ring of links through its anchor. They all have the same length and time does not go
 * back, so a lease that is appended, or renewed to the end, expires last: the list is in expiry order without sorting.
 */
export class LeaseTable {
  /** By slot, and still there after the lease ended, until the slot is taken again. Replaced when the table grows. */
  position = new Float64Array(SMALLEST)
  place = new Float64Array(SMALLEST)
  gate = new Int32Array(SMALLEST)
  flags = new Uint8Array(SMALLEST)

  /** Token of a leased slot; of a free one, or of an anchor, the next token, negative, which nobody has been given. */
  #tokens = new Float64Array(SMALLEST)
  #deadlines = new Float64Array(SMALLEST)
  #sessions = new Int32Array(SMALLEST)
  /** Links of the session's ring; of a free slot, `#next` is the next free one. */
  #previous = new Int32Array(SMALLEST)
  #next = new Int32Array(SMALLEST)
  #firstFree = NONE
  #size = 0

  readonly #open = new Map<number, Session>()
  #lastSession = 0
  /** No lease expires before it. Leases that end do not raise it; a look at every session does. */
  #earliest = Number.POSITIVE_INFINITY

  constructor() {
    this.#stock(0, SMALLEST)
  }

  /** Leases. */
  get size(): number {
    return this.#size
  }

  /** Leases that may still be taken. */
  get room(): number {
    return SLOTS - this.#size - this.#open.size
  }

  open(instance: number, lease: number): number {
    const anchor = this.#allocate()
    this.#previous[anchor] = anchor
    this.#next[anchor] = anchor
    const session = ++this.#lastSession
    this.#open.set(session, { id: session, instance, lease, anchor, reserved: undefined })
    return session
  }

  session(session: number): Session | undefined {
    return this.#open.get(session)
  }

  /** @throws RangeError when the session is not open. */
  opened(session: number): Session {
    const found = this.#open.get(session)
    if (found === undefined) throw new RangeError(`Session ${session} is not open.`)
    return found
  }

  sessions(): IterableIterator<Session> {
    return this.#open.values()
  }

  /** Forgets a session whose leases are all freed. */
  close(session: number): void {
    const { anchor } = this.#open.get(session) as Session
    this.#open.delete(session)
    this.#free(anchor)
  }

  /** Leases a message to the session, from now. Returns the slot, unflagged. `gate` is -1 where the message has no key. */
  take(session: Session, now: number, position: number, place: number, gate: number): number {
    const slot = this.#allocate()
    this.#size++
    this.#tokens[slot] = -(this.#tokens[slot] as number)
    this.#sessions[slot] = session.id
    this.position[slot] = position
    this.place[slot] = place
    this.gate[slot] = gate
    this.flags[slot] = 0
    this.#append(slot, session.anchor, now + session.lease)
    return slot
  }

  /** Token of a leased slot. */
  token(slot: number): number {
    return this.#tokens[slot] as number
  }

  /** Slot of a token, or -1 when it is stale. */
  find(token: number): number {
    // `&` reads the low 32 bits of any safe integer, exactly; whatever else is passed equals no token.
    const slot = token & MASK
    return slot < this.#tokens.length && token > 0 && this.#tokens[slot] === token ? slot : NONE
  }

  /** What the token leases, or -1 when it is stale. */
  positionOf(token: number): number {
    const slot = this.find(token)
    return slot === NONE ? NONE : (this.position[slot] as number)
  }

  /** Flags a lease as that of a suspect which is being run alone. False when its token is stale. */
  mark(token: number): boolean {
    const slot = this.find(token)
    if (slot === NONE) return false
    this.flags[slot] = (this.flags[slot] as number) | MARKED
    return true
  }

  /** Ends a lease: its token is stale from now on. */
  end(slot: number): void {
    this.#size--
    this.#unlink(slot)
    this.#tokens[slot] = -this.#following(slot)
    this.#free(slot)
  }

  /** A lease goes over to another session, from now, under a new token; flags and all else stay. Returns the token. */
  transfer(slot: number, session: Session, now: number): number {
    const token = this.#following(slot)
    this.#tokens[slot] = token
    this.#sessions[slot] = session.id
    this.#unlink(slot)
    this.#append(slot, session.anchor, now + session.lease)
    return token
  }

  renew(slot: number, now: number): void {
    const { anchor, lease } = this.#open.get(this.#sessions[slot] as number) as Session
    this.#unlink(slot)
    this.#append(slot, anchor, now + lease)
  }

  /** First lease of the session to expire, or -1. */
  first(session: Session): number {
    const slot = this.#next[session.anchor] as number
    return slot === session.anchor ? NONE : slot
  }

  /** Whether anything is leased to the session. */
  isHolding(session: number): boolean {
    const found = this.#open.get(session)
    return found !== undefined && this.first(found) !== NONE
  }

  /** First lease of the session, where it has expired by `now`; else -1. */
  expired(session: Session, now: number): number {
    const slot = this.first(session)
    return slot !== NONE && (this.#deadlines[slot] as number) <= now ? slot : NONE
  }

  /** Whether a lease may have expired: never no wrongly, and after `nextExpiry` never yes wrongly. */
  mayExpire(now: number): boolean {
    return this.#earliest <= now
  }

  /** When the first of all leases expires, or Infinity. Costs a look at every session. */
  nextExpiry(): number {
    let earliest = Number.POSITIVE_INFINITY
    for (const session of this.#open.values()) {
      const slot = this.first(session)
      if (slot !== NONE) earliest = Math.min(earliest, this.#deadlines[slot] as number)
    }
    this.#earliest = earliest
    return earliest
  }

  /** In no promised order. */
  *positions(): IterableIterator<number> {
    for (const session of this.#open.keys()) yield* this.positionsOf(session)
  }

  /** Of one session, in the order in which its leases end; none where it is not open. */
  *positionsOf(session: number): IterableIterator<number> {
    const anchor = this.#open.get(session)?.anchor
    if (anchor === undefined) return
    for (let slot = this.#next[anchor] as number; slot !== anchor; slot = this.#next[slot] as number) {
      yield this.position[slot] as number
    }
  }

  /** The token after that of a leased slot. */
  #following(slot: number): number {
    const next = (this.#tokens[slot] as number) + SLOTS
    return next <= Number.MAX_SAFE_INTEGER ? next : SLOTS + slot
  }

  #append(slot: number, anchor: number, deadline: number): void {
    const last = this.#previous[anchor] as number
    this.#next[last] = slot
    this.#previous[slot] = last
    this.#next[slot] = anchor
    this.#previous[anchor] = slot
    this.#deadlines[slot] = deadline
    if (deadline < this.#earliest) this.#earliest = deadline
  }

  #unlink(slot: number): void {
    const previous = this.#previous[slot] as number
    const next = this.#next[slot] as number
    this.#next[previous] = next
    this.#previous[next] = previous
  }

  #allocate(): number {
    if (this.#firstFree === NONE) this.#grow()
    const slot = this.#firstFree
    this.#firstFree = this.#next[slot] as number
    return slot
  }

  #free(slot: number): void {
    this.#next[slot] = this.#firstFree
    this.#firstFree = slot
  }

  #grow(): void {
    const length = this.#tokens.length
    if (length === SLOTS)
      throw new RangeError(`A queue holds at most ${SLOTS} leases and sessions. Settle or close some.`)
    this.position = grown(this.position, length * 2)
    this.place = grown(this.place, length * 2)
    this.gate = grown(this.gate, length * 2)
    this.flags = grown(this.flags, length * 2)
    this.#tokens = grown(this.#tokens, length * 2)
    this.#deadlines = grown(this.#deadlines, length * 2)
    this.#sessions = grown(this.#sessions, length * 2)
    this.#previous = grown(this.#previous, length * 2)
    this.#next = grown(this.#next, length * 2)
    this.#stock(length, length * 2)
  }

  /** Gives new slots their first tokens and frees them, the lowest on top. */
  #stock(from: number, to: number): void {
    for (let slot = to - 1; slot >= from; slot--) {
      this.#tokens[slot] = -(SLOTS + slot)
      this.#free(slot)
    }
  }
}
