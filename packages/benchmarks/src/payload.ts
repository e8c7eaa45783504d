import type { Data, Handle, Item, Order, Setup } from './subject.ts'

/** Messages a batch, and so the most that are in flight: what `reference/performance.md` uses. */
export const BATCH = 256
const BATCHES = 16
/** Bytes of a message. */
const SIZE = 256
const LEVELS = 10
const KEYS = 1_000

/**
 * 4,096 messages, made before anything is measured and published round and round: a publisher that made a new array for
 * each message would spend more time on that than some subjects spend on all the rest.
 */
export function makeBatches(format: Setup['format'], size = SIZE): readonly (readonly Item[])[] {
  const make = format === 'json' ? orderOf : (n: number) => bytesOf(n, size)
  return Array.from({ length: BATCHES }, (_, batch) =>
    Array.from({ length: BATCH }, (_, i) => ({ data: make(batch * BATCH + i) })),
  )
}

/** The same with ten priorities, or a thousand keys, in turn. */
export function ranked(batches: readonly (readonly Item[])[], by: 'priority' | 'key'): readonly (readonly Item[])[] {
  let n = 0
  const rank = (item: Item) => (by === 'key' ? { ...item, key: `k${n++ % KEYS}` } : { ...item, priority: n++ % LEVELS })
  return batches.map(batch => batch.map(rank))
}

function bytesOf(n: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size).fill(n)
  new DataView(bytes.buffer).setUint32(0, n)
  return bytes
}

/** An order whose JSON has 256 characters. */
function orderOf(n: number): Order {
  const order = {
    n,
    customer: `customer-${n % KEYS}`,
    total: 1999 + n,
    currency: 'EUR',
    express: n % 2 === 0,
    lines: [{ sku: 'A-100', quantity: 1 + (n % 9), price: 1999 }],
    note: '',
  }
  order.note = 'x'.repeat(SIZE - JSON.stringify(order).length)
  return order
}

/** The number of a message: reading it is what a handler does, so that nobody is fast by never handing over the data. */
export const numberOf = (data: Data): number =>
  data instanceof Uint8Array
    ? (((data[0] as number) << 24) | ((data[1] as number) << 16) | ((data[2] as number) << 8) | (data[3] as number)) >>>
      0
    : data.n

/** Counts what is handled and adds up the numbers, so that a lost, repeated or garbled message does not go unseen. */
export class Tally {
  count = 0
  sum = 0
  #wanted = Number.POSITIVE_INFINITY
  #reached: () => void = () => {}

  readonly handle: Handle = data => {
    this.sum += numberOf(data)
    if (++this.count >= this.#wanted) this.#reached()
  }

  /** An asynchronous handler that really waits for something, as short as can be. */
  readonly handleLater: Handle = async data => {
    await undefined
    this.handle(data)
  }

  /** Resolves when so many are handled in total. */
  reached(wanted: number): Promise<void> {
    if (this.count >= wanted) return Promise.resolve()
    this.#wanted = wanted
    return new Promise(resolve => {
      this.#reached = () => {
        this.#wanted = Number.POSITIVE_INFINITY
        resolve()
      }
    })
  }
}

/** What the numbers of the first `count` published messages add up to. */
export function sumOfFirst(count: number): number {
  const round = BATCH * BATCHES
  const rest = count % round
  return ((count - rest) / round) * ((round * (round - 1)) / 2) + (rest * (rest - 1)) / 2
}
