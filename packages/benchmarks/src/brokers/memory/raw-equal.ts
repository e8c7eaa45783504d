import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import type { Data, Handle, Item, Queue, Setup, Subject } from '../../subject.ts'
import { LeaseSlots } from './raw-equal/lease-slots.ts'
import { type LogRecord, MessageLog } from './raw-equal/message-log.ts'
import { RunTimeouts } from './raw-equal/run-timeouts.ts'

const LEASE = 30_000

/** What a handler would be shown: one object a delivery, the payload copied when it is first read. */
class Delivery {
  readonly record: LogRecord
  readonly token: number
  readonly attempt: number
  #data: Data | undefined

  constructor(record: LogRecord, token: number, attempt: number) {
    this.record = record
    this.token = token
    this.attempt = attempt
  }

  get data(): Data {
    this.#data ??= this.record.read()
    return this.#data
  }
}

/**
 * By hand, for one topic and one fifo subscription, with the same stored effects as ours: an id, a place and an envelope
 * in a log that keeps as much, the payload copied in and copied out, a delivery record with attempt and fencing token, a lease
 * that expires, a timeout for runs that are not synchronous, the causation chain. No names, options, validation, events,
 * middleware, several subscriptions, keys, priorities, delays, dead letters or reconnection: that is what the rest costs.
 */
class RawEqual implements Queue {
  readonly #log = new MessageLog()
  readonly #leases: LeaseSlots
  readonly #timeouts = new RunTimeouts()
  readonly #chain = new AsyncLocalStorage<LogRecord>()
  /** Where each handler begins: to enter a record on top of the one before copies what holds it. */
  readonly #scope = new AsyncResource('RawEqualHandler', { requireManualDestroy: true })
  readonly #begin = (handle: Handle, record: LogRecord, data: Data) => {
    this.#chain.enterWith(record)
    return handle(data)
  }
  #next = 0
  #handle: Handle | undefined
  #paused = false
  #scheduled = false
  readonly #acks: number[] = []
  readonly #pump = () => this.#run()
  readonly #watch = setInterval(() => this.#leases.expire(performance.now()), LEASE / 3)

  constructor({ concurrency }: Setup) {
    this.#leases = new LeaseSlots(concurrency)
  }

  publish(item: Item): Promise<void> {
    this.#log.append(item.data, Date.now(), this.#chain.getStore())
    this.#wake()
    return Promise.resolve()
  }

  publishAll(items: readonly Item[]): Promise<void> {
    const time = Date.now()
    const parent = this.#chain.getStore()
    for (const item of items) this.#log.append(item.data, time, parent)
    this.#wake()
    return Promise.resolve()
  }

  async consume(handle: Handle): Promise<void> {
    this.#handle = handle
    this.#wake()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#wake()
  }

  async close(): Promise<void> {
    this.#handle = undefined
    this.#timeouts.close()
    clearInterval(this.#watch)
  }

  #wake(): void {
    if (this.#scheduled || this.#handle === undefined || this.#paused) return
    this.#scheduled = true
    queueMicrotask(this.#pump)
  }

  #run(): void {
    const handle = this.#handle
    if (handle === undefined) return
    const now = performance.now()
    do {
      this.#settle()
      while (this.#leases.room > 0 && !this.#paused && this.#more()) this.#start(handle, now)
    } while (this.#acks.length > 0)
    this.#scheduled = false
  }

  #more(): boolean {
    return this.#leases.returned.length > 0 || this.#next < this.#log.end
  }

  #start(handle: Handle, now: number): void {
    const place = this.#leases.returned.pop() ?? this.#next++
    const token = this.#leases.take(place, now + LEASE)
    const record = this.#log.at(place)
    const delivery = new Delivery(record, token, this.#leases.failuresOf(place) + 1)
    try {
      const running = this.#scope.runInAsyncScope(this.#begin, undefined, handle, record, delivery.data)
      if (running === undefined) this.#acks.push(token)
      else this.#follow(running, token, now)
    } catch {
      this.#leases.giveBack(token)
    }
  }

  #follow(running: Promise<void>, token: number, now: number): void {
    this.#timeouts.started(token, now)
    running.then(
      () => this.#ended(token, true),
      () => this.#ended(token, false),
    )
  }

  #ended(token: number, well: boolean): void {
    this.#timeouts.ended(token)
    if (well) this.#acks.push(token)
    else this.#leases.giveBack(token)
    this.#wake()
  }

  #settle(): void {
    for (const token of this.#acks) {
      const place = this.#leases.end(token)
      if (place >= 0) this.#log.handled(place)
    }
    this.#acks.length = 0
  }
}

export const rawEqual: Subject = {
  name: 'raw-equal',
  what: 'by hand, with the stored effects of ours: log, place, payload copies, delivery, token, attempts, timeout, chain',
  keeps: true,
  open: async setup => new RawEqual(setup),
}
