import type { Data, Handle, Item, Queue, Setup, Subject } from '../../subject.ts'

const LEASE = 30_000

/**
 * The least that is still a queue with leases: a ring of references, lease slots with a deadline, a list of acks; what
 * fails or outlives its lease goes back to the tail. No ids, attempts, history, copies, keys, priorities or fairness.
 * Written to win: nothing per message is allocated but the promise of its publish, the clock is read once a pump, a slot's
 * two callbacks are made once (a slot is not used again before its run ends, so they need no token).
 */
class RawMinimal implements Queue {
  #ring: (Data | undefined)[] = new Array(1024).fill(undefined)
  #mask = 1023
  #head = 0
  #tail = 0

  readonly #held: (Data | undefined)[]
  readonly #deadlines: Float64Array
  readonly #free: Int32Array
  #freeCount: number
  readonly #acks: Int32Array
  #ackCount = 0
  readonly #ok: (() => void)[] = []
  readonly #bad: (() => void)[] = []

  #handle: Handle | undefined
  #paused = false
  #scheduled = false
  readonly #pump = () => this.#run()
  readonly #watch = setInterval(() => this.#expire(), LEASE / 3)

  constructor({ concurrency }: Setup) {
    this.#held = new Array(concurrency).fill(undefined)
    this.#deadlines = new Float64Array(concurrency)
    this.#acks = new Int32Array(concurrency)
    this.#free = Int32Array.from({ length: concurrency }, (_, slot) => slot)
    this.#freeCount = concurrency
    for (let slot = 0; slot < concurrency; slot++) {
      this.#ok.push(() => this.#ack(slot))
      this.#bad.push(() => this.#giveBack(slot))
    }
  }

  publish(item: Item): Promise<void> {
    this.#push(item.data)
    this.#wake()
    return Promise.resolve()
  }

  async publishAll(items: readonly Item[]): Promise<void> {
    // One promise a publish, by definition; awaiting them in turn was as fast as `Promise.all` and as 256 callers.
    const stored: Promise<void>[] = new Array(items.length)
    for (let i = 0; i < items.length; i++) stored[i] = this.publish(items[i] as Item)
    for (let i = 0; i < stored.length; i++) await stored[i]
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
    clearInterval(this.#watch)
  }

  #push(data: Data): void {
    if (this.#tail - this.#head > this.#mask) this.#grow()
    this.#ring[this.#tail++ & this.#mask] = data
  }

  #wake(): void {
    if (this.#scheduled || this.#handle === undefined || this.#paused) return
    this.#scheduled = true
    queueMicrotask(this.#pump)
  }

  #run(): void {
    const handle = this.#handle
    if (handle === undefined) return
    const deadline = performance.now() + LEASE
    do {
      this.#settle()
      while (this.#freeCount > 0 && this.#head !== this.#tail && !this.#paused) this.#start(handle, deadline)
    } while (this.#ackCount > 0)
    this.#scheduled = false
  }

  #start(handle: Handle, deadline: number): void {
    const slot = this.#free[--this.#freeCount] as number
    const index = this.#head++ & this.#mask
    const data = this.#ring[index] as Data
    this.#ring[index] = undefined
    this.#held[slot] = data
    this.#deadlines[slot] = deadline
    try {
      const running = handle(data)
      if (running === undefined) this.#acks[this.#ackCount++] = slot
      else running.then(this.#ok[slot], this.#bad[slot])
    } catch {
      this.#giveBack(slot)
    }
  }

  #settle(): void {
    for (let i = 0; i < this.#ackCount; i++) {
      const slot = this.#acks[i] as number
      this.#held[slot] = undefined
      this.#free[this.#freeCount++] = slot
    }
    this.#ackCount = 0
  }

  #ack(slot: number): void {
    this.#acks[this.#ackCount++] = slot
    this.#wake()
  }

  #giveBack(slot: number): void {
    const data = this.#held[slot]
    if (data !== undefined) this.#push(data)
    this.#ack(slot)
  }

  /** The message goes to somebody else; the slot stays taken until its run ends, whose result then counts for nothing. */
  #expire(): void {
    const now = performance.now()
    for (let slot = 0; slot < this.#held.length; slot++) {
      const data = this.#held[slot]
      if (data === undefined || (this.#deadlines[slot] as number) > now) continue
      this.#held[slot] = undefined
      this.#push(data)
    }
    this.#wake()
  }

  #grow(): void {
    const size = this.#ring.length
    const ring = new Array(size * 2).fill(undefined)
    for (let i = this.#head; i < this.#tail; i++) ring[i & (size * 2 - 1)] = this.#ring[i & this.#mask]
    this.#ring = ring
    this.#mask = size * 2 - 1
  }
}

/** The same with JSON in and out, which every queue that outlives the publisher's object needs. */
class RawMinimalJson extends RawMinimal {
  override publish(item: Item): Promise<void> {
    return super.publish({ data: JSON.stringify(item.data) as unknown as Data })
  }

  override consume(handle: Handle): Promise<void> {
    return super.consume(text => handle(JSON.parse(text as unknown as string) as Data))
  }
}

export const rawMinimal: Subject = {
  name: 'raw-minimal',
  what: 'ring of references, lease slots, list of acks, one promise a publish; nothing kept, nothing copied',
  keeps: false,
  open: async setup => (setup.format === 'json' ? new RawMinimalJson(setup) : new RawMinimal(setup)),
}
