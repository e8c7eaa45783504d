import type { Data, Handle, Item, Queue, Setup, Subject } from '../../subject.ts'

const LEASE = 30_000

interface Waiting {
  readonly id: number
  readonly payload: Data | string
  attempt: number
}

interface Lease {
  readonly message: Waiting
  readonly until: number
}

/**
 * What most people write first: an array of records with a head index, a map of leases by token, one promise a publish.
 * It is the `raw-leased` of `reference/performance.md`, on which the goals were calibrated (3.2 to 4.8 million a second).
 */
class RawLeased implements Queue {
  #queue: Waiting[] = []
  #head = 0
  #ids = 0
  #tokens = 0
  readonly #leases = new Map<number, Lease>()
  readonly #concurrency: number
  readonly #json: boolean
  #handle: Handle | undefined
  #paused = false
  #scheduled = false
  readonly #pump = () => this.#run()
  readonly #watch = setInterval(() => this.#expire(), LEASE / 3)

  constructor({ concurrency, format }: Setup) {
    this.#concurrency = concurrency
    this.#json = format === 'json'
  }

  publish(item: Item): Promise<void> {
    return new Promise(resolve => {
      this.#queue.push({ id: ++this.#ids, payload: this.#json ? JSON.stringify(item.data) : item.data, attempt: 1 })
      this.#wake()
      resolve()
    })
  }

  publishAll(items: readonly Item[]): Promise<unknown> {
    return Promise.all(items.map(item => this.publish(item)))
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

  #wake(): void {
    if (this.#scheduled || this.#handle === undefined || this.#paused) return
    this.#scheduled = true
    queueMicrotask(this.#pump)
  }

  #run(): void {
    this.#scheduled = false
    const handle = this.#handle
    if (handle === undefined) return
    const until = performance.now() + LEASE
    while (this.#leases.size < this.#concurrency && this.#head < this.#queue.length && !this.#paused) {
      this.#start(handle, this.#queue[this.#head++] as Waiting, until)
    }
    // Dropping the front only when it is half of the array keeps that linear.
    if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head)
      this.#head = 0
    }
  }

  #start(handle: Handle, message: Waiting, until: number): void {
    const token = ++this.#tokens
    this.#leases.set(token, { message, until })
    try {
      const { payload } = message
      const running = handle(typeof payload === 'string' ? (JSON.parse(payload) as Data) : payload)
      if (running === undefined) this.#leases.delete(token)
      else this.#follow(running, token)
    } catch {
      this.#giveBack(token)
    }
  }

  #follow(running: Promise<void>, token: number): void {
    running.then(
      () => this.#ack(token),
      () => this.#giveBack(token),
    )
  }

  #ack(token: number): void {
    this.#leases.delete(token)
    this.#wake()
  }

  #giveBack(token: number): void {
    const lease = this.#leases.get(token)
    if (lease === undefined) return
    lease.message.attempt++
    this.#queue.push(lease.message)
    this.#ack(token)
  }

  #expire(): void {
    const now = performance.now()
    for (const [token, { until }] of this.#leases) if (until <= now) this.#giveBack(token)
  }
}

export const rawLeased: Subject = {
  name: 'raw-leased',
  what: 'array of records, map of leases, one promise a publish: the plain version, on which the goals were calibrated',
  keeps: false,
  open: async setup => new RawLeased(setup),
}
