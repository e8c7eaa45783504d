import type { Order, QueueCounts } from '../src/index.js'
import { ReferenceList } from './reference-list.js'
import { byPlace, type Delivery, type Expected, type ModelMessage, type ModelSession } from './reference-records.js'
import type { Transition } from './transitions.js'

/**
 * The state machine as a list of records that is searched and sorted anew for every question. It has no rings, heaps,
 * slots or gates; whether a message is blocked is asked of the list, not stored.
 */
export class ReferenceQueue {
  readonly #list: ReferenceList
  readonly #sessions = new Map<number, ModelSession>()
  readonly #took: (transition: Transition) => void
  #turns = 0
  #deaths = 0
  /** The latest time that it was told. */
  #now = Number.NEGATIVE_INFINITY
  readonly gone: number[] = []

  constructor(order: Order, took: (transition: Transition) => void) {
    this.#list = new ReferenceList(order)
    this.#took = took
  }

  add(message: ModelMessage, due: number, now: number): void {
    this.#noticeDue(now, 'add')
    const delivery: Delivery = {
      message,
      state: due === 0 ? 'ready' : 'scheduled',
      due,
      readyAt: Math.max(due, this.#now),
      turn: this.#turns++,
      ...{ failures: 0, losses: 0, marks: 0 },
      died: -1,
      lease: undefined,
      loss: undefined,
      hasBeenOut: false,
      wasBlocked: false,
    }
    this.#list.all.push(delivery)
    if (due === 0) this.#nowReady(delivery, 'new')
    else this.#took('new -> scheduled')
  }

  open(session: number, instance: number, lease: number): void {
    this.#sessions.set(session, { instance, lease, abandoned: false })
  }

  abandon(session: number): void {
    this.#session(session).abandoned = true
  }

  close(session: number): void {
    for (const delivery of this.#list.in('leased')) {
      if (delivery.lease?.session !== session) continue
      if (delivery.lease.marked) this.#took('mark void after close')
      if (delivery.lease.isReserved) this.#took('transferred, given back unclaimed')
      delivery.lease = undefined
      delivery.state = 'ready'
      this.#took('leased -> ready (close)')
    }
    this.#sessions.delete(session)
    this.#noteBlocked()
  }

  /** The leases of one session become another's: as they are, but for their end and their token, which is not known yet. */
  transfer(from: number, to: number, at: number): number {
    const now = this.#read(at)
    const { lease: length, instance } = this.#session(to)
    const moved = this.#list.in('leased').filter(({ lease }) => lease?.session === from)
    for (const delivery of moved) {
      const { marked = false, end = 0, isReserved } = delivery.lease ?? {}
      const firstEnd = now + length
      delivery.lease = { session: to, instance, firstEnd, token: Number.NaN, end: firstEnd, marked, isReserved: true }
      this.#took(end <= now ? 'lapsed lease transferred' : 'lease transferred')
      if (isReserved) this.#took('lease transferred again, unclaimed')
      if (marked) this.#took('marked lease transferred')
      if (delivery.failures > 0) this.#took('lease of a failed message transferred')
    }
    this.#sessions.delete(from)
    return moved.length
  }

  /** What a claim must take, in order. `bind` follows, with the tokens that were given out. */
  claim(session: number, max: number, now: number): Expected[] {
    const { instance, lease } = this.#session(session)
    this.#pass(now)
    const taken = this.#takeReserved(session, max)
    if (this.#list.reservedFor(session).length > 0 || this.#isSuspectAlone(taken)) return taken
    while (taken.length < max) {
      const next = this.#list.servable()[0]
      if (next === undefined) break
      const isForeign = next.loss !== undefined && next.loss.instance !== instance
      const isSuspect = next.losses + (isForeign ? 1 : 0) >= 2
      if (isSuspect && taken.length > 0) {
        this.#took('suspect stops a claim')
        if (next.loss !== undefined) this.#took('suspect with a pending loss left for its owner')
        break
      }
      this.#judge(next, isForeign)
      if (next.hasBeenOut && this.#list.in('ready').some(other => byPlace(next, other) < 0)) {
        this.#took('came back, served before younger')
      }
      const end = this.#now + lease
      next.state = 'leased'
      next.hasBeenOut = true
      next.lease = { session, instance, firstEnd: end, token: -1, end, marked: false, isReserved: false }
      this.#took('ready -> leased')
      this.#noteBlocked()
      const { failures, losses, marks } = next
      taken.push({ position: next.message.position, failures, losses, marks })
      if (isSuspect) {
        if (this.#list.servable().length > 0 && max > 1) this.#took('suspect served alone')
        break
      }
    }
    if (taken.length === 0 && max > 0) this.#took('claim finds nothing')
    return taken
  }

  #takeReserved(session: number, max: number): Expected[] {
    const taken: Expected[] = []
    for (const delivery of this.#list.reservedFor(session).slice(0, max)) {
      const { message, failures, losses, marks, lease } = delivery
      if (lease === undefined || (losses >= 2 && taken.length > 0)) {
        this.#took('suspect stops a claim of what was transferred')
        break
      }
      lease.isReserved = false
      lease.end = this.#now + this.#session(session).lease
      taken.push({ position: message.position, failures, losses, marks })
      this.#took('transferred lease claimed')
      if (this.#list.servable().some(other => this.#list.byService(other, delivery) < 0))
        this.#took('transferred, claimed out of turn')
      if (losses >= 2) {
        this.#took('transferred suspect claimed alone')
        break
      }
    }
    if (taken.length === max && this.#list.reservedFor(session).length > 0)
      this.#took('transferred leases left by a short claim')
    return taken
  }

  #isSuspectAlone(taken: readonly Expected[]): boolean {
    return taken.length === 1 && (taken[0]?.losses ?? 0) >= 2
  }

  bind(position: number, token: number): void {
    const lease = this.#list.all.find(delivery => delivery.message.position === position)?.lease
    if (lease === undefined) throw new Error(`The model has not leased ${position}`)
    lease.token = token
  }

  ack(token: number, now: number): boolean {
    const delivery = this.#leasedBy(token, now)
    if (delivery === undefined) return this.#refuse('ack refused')
    this.#remove(delivery)
    this.#took('leased -> gone')
    this.#noteBlocked('blocked -> ready (ack)')
    return true
  }

  retry(token: number, due: number, now: number): boolean {
    const delivery = this.#leasedBy(token, now)
    if (delivery === undefined) return this.#refuse('retry refused')
    if (delivery.losses > 0) this.#took('failed run clears losses')
    if (delivery.marks > 0) this.#took('failed run clears marks')
    delivery.failures++
    delivery.losses = 0
    delivery.marks = 0
    delivery.lease = undefined
    delivery.state = due === 0 ? 'ready' : 'retrying'
    delivery.due = due
    this.#took(due === 0 ? 'leased -> ready (retry at once)' : 'leased -> retrying')
    this.#noteBlocked()
    return true
  }

  release(token: number, now: number): boolean {
    const delivery = this.#leasedBy(token, now)
    if (delivery === undefined) return this.#refuse('release refused')
    if (delivery.lease?.marked) this.#took('mark void after release')
    delivery.lease = undefined
    delivery.state = 'ready'
    this.#took('leased -> ready (release)')
    this.#noteBlocked()
    return true
  }

  reject(token: number, now: number): number {
    const delivery = this.#leasedBy(token, now)
    if (delivery === undefined) return this.#refuse('reject refused') || -1
    delivery.lease = undefined
    delivery.state = 'dead'
    delivery.died = this.#deaths++
    this.#took('leased -> dead')
    this.#noteBlocked('blocked -> ready (reject)')
    return delivery.message.position
  }

  mark(token: number): boolean {
    const lease = this.#list.holder(token)?.lease
    if (lease === undefined) return this.#refuse('mark refused')
    lease.marked = true
    return true
  }

  renew(token: number, now: number): boolean {
    const lease = this.#list.holder(token)?.lease
    if (lease === undefined) return this.#refuse('renew refused')
    lease.end = this.#read(now) + this.#session(lease.session).lease
    return true
  }

  redrive(position: number, now: number): boolean {
    const delivery = this.#list.deadAt(position)
    if (delivery === undefined) return this.#refuse('redrive refused')
    this.#noticeDue(now, 'redrive')
    if (delivery.failures > 0) this.#took('redrive clears failures')
    delivery.state = 'ready'
    delivery.failures = 0
    delivery.losses = 0
    delivery.marks = 0
    delivery.hasBeenOut = false
    delivery.readyAt = this.#now
    delivery.turn = this.#turns++
    this.#nowReady(delivery, 'dead')
    return true
  }

  discard(position: number): boolean {
    const delivery = this.#list.deadAt(position)
    if (delivery === undefined) return this.#refuse('discard refused')
    this.#remove(delivery)
    this.#took('dead -> gone')
    return true
  }

  /** -1 when the token is stale. */
  positionOf(token: number): number {
    return this.#list.holder(token)?.message.position ?? -1
  }

  tokens(): number[] {
    return this.#list
      .in('leased')
      .flatMap(({ lease }) => (lease === undefined || lease.isReserved ? [] : [lease.token]))
  }

  dead(): number[] {
    const dead = this.#list.in('dead').sort((a, b) => a.died - b.died)
    return dead.map(each => each.message.position)
  }

  pending(): number[] {
    return this.#list.all.map(({ message }) => message.position).sort((a, b) => a - b)
  }

  counts(): QueueCounts {
    return {
      waiting: this.#list.in('ready').length,
      leased: this.#list.in('leased').length,
      retrying: this.#list.in('retrying').length,
      scheduled: this.#list.in('scheduled').length,
      dead: this.#list.in('dead').length,
    }
  }

  nextDue(): number {
    const times = this.#list.all.map(({ state, due, lease }) => {
      if (state === 'leased') return lease?.end ?? Number.NaN
      return state === 'retrying' || state === 'scheduled' ? due : Number.POSITIVE_INFINITY
    })
    return Math.min(Number.POSITIVE_INFINITY, ...times)
  }

  isHolding(session: number): boolean {
    return this.#list.in('leased').some(({ lease }) => lease?.session === session)
  }

  /** Whether a claim (by the session) now would take something. */
  hasReady(at: number, session?: number): boolean {
    const now = this.#read(at)
    if (session !== undefined && this.#list.reservedFor(session).length > 0) return true
    if (this.#list.servable().length > 0) return true
    const keysOut = new Set(
      this.#list.all
        .filter(other => other.state === 'leased' || other.state === 'retrying' || other.state === 'ready')
        .map(({ message }) => message.key),
    )
    return this.#list.all.some(({ state, due, lease, message }) => {
      if (state === 'leased') return (lease?.end ?? Number.NaN) <= now
      if (state === 'retrying') return due <= now
      return state === 'scheduled' && due <= now && (message.key === undefined || !keysOut.has(message.key))
    })
  }

  /** A time that is earlier than one it was told before is read as that one. */
  #read(now: number): number {
    if (now < this.#now) this.#took('clock went back')
    this.#now = Math.max(this.#now, now)
    return this.#now
  }

  /** Time passes: delays first, then leases. */
  #pass(at: number): void {
    this.#noticeDue(at, 'claim')
    const now = this.#now
    for (const delivery of this.#list.in('leased')) {
      const { lease } = delivery
      if (lease === undefined || lease.end > now) {
        if (lease !== undefined && lease.firstEnd <= now) this.#took('lease renewed past its first end')
        continue
      }
      const { abandoned } = this.#session(lease.session)
      this.#took(abandoned ? 'leased -> ready (abandoned, expired)' : 'leased -> ready (expired)')
      if (lease.isReserved) this.#took('transferred, expired unclaimed')
      delivery.loss = { instance: lease.instance, marked: lease.marked }
      delivery.lease = undefined
      delivery.state = 'ready'
    }
    this.#noteBlocked()
  }

  #judge(delivery: Delivery, isForeign: boolean): void {
    const { loss } = delivery
    if (loss === undefined) return
    if (isForeign) {
      delivery.losses++
      this.#took('loss counted')
      if (loss.marked) {
        delivery.marks++
        this.#took('marked loss counted')
      }
    } else this.#took(loss.marked ? 'own marked loss not counted' : 'own loss not counted')
    delivery.loss = undefined
  }

  /** Whoever asks first sees what is due. Their places are of the due instants, whenever that is. */
  #noticeDue(at: number, by: 'claim' | 'add' | 'redrive'): void {
    const now = this.#read(at)
    const isDue = (delivery: Delivery) => delivery.due <= now
    for (const delivery of this.#list.in('retrying').filter(isDue)) {
      delivery.state = 'ready'
      this.#took('retrying -> ready')
    }
    for (const delivery of this.#list.in('scheduled').filter(isDue).sort(byPlace)) {
      delivery.state = 'ready'
      this.#nowReady(delivery, 'scheduled')
      if (by !== 'claim') this.#took(`due before ${by === 'add' ? 'an add' : 'a redrive'} that no claim preceded`)
    }
  }

  #nowReady(delivery: Delivery, from: 'new' | 'scheduled' | 'dead'): void {
    const isBlocked = this.#list.isBlocked(delivery)
    delivery.wasBlocked = isBlocked
    this.#took(`${from} -> ${isBlocked ? 'blocked' : 'ready'}`)
  }

  /** Counts who became blocked, or free: somebody earlier of the key is out, or no longer is. */
  #noteBlocked(freed?: Transition): void {
    for (const delivery of this.#list.in('ready')) {
      const isBlocked = this.#list.isBlocked(delivery)
      if (isBlocked && !delivery.wasBlocked) this.#took('ready -> blocked')
      if (!isBlocked && delivery.wasBlocked && freed !== undefined) this.#took(freed)
      delivery.wasBlocked = isBlocked
    }
  }

  #session(session: number): ModelSession {
    const found = this.#sessions.get(session)
    if (found === undefined) throw new Error(`The model has no session ${session}`)
    return found
  }

  #leasedBy(token: number, now: number): Delivery | undefined {
    const delivery = this.#list.holder(token)
    if ((delivery?.lease?.end ?? now + 1) <= now) this.#took('settled after its lease had lapsed unnoticed')
    return delivery
  }

  #refuse(transition: Transition): false {
    this.#took(transition)
    return false
  }

  #remove(delivery: Delivery): void {
    this.#list.all.splice(this.#list.all.indexOf(delivery), 1)
    this.gone.push(delivery.message.position)
  }
}
