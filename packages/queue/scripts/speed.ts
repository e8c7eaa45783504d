// Nanoseconds a message, best and median of the rounds. After a build: node packages/queue/scripts/speed.ts ['fifo, flow']
// All cases share one process, and make each other slower: the engine compiles for whatever it has seen.
import { DeliveryQueue, type Order } from '../dist/index.js'

const MESSAGES = 1_000_000
const BATCH = 256
const ROUNDS = 15
const KEYS = Array.from({ length: 1000 }, (_, index) => `customer-${index}`)

interface Case {
  readonly order: Order
  readonly bands?: number
  readonly keyed?: boolean
  /** Messages that wait while the flow goes on; without it, all are added first and then drained. */
  readonly backlog?: number
}

const cases: Readonly<Record<string, Case>> = {
  'fifo, drain': { order: 'fifo' },
  'fifo, flow': { order: 'fifo', backlog: 1000 },
  'lifo, drain': { order: 'lifo' },
  'priority(10), drain': { order: 'priority', bands: 10 },
  'fifo, 1,000 keys, drain': { order: 'fifo', keyed: true },
  'fifo, 1,000 keys, flow': { order: 'fifo', keyed: true, backlog: 1000 },
  'priority(10), 1,000 keys, flow': { order: 'priority', bands: 10, keyed: true, backlog: 1000 },
}

function create({ order, bands = 1, keyed = false }: Case): DeliveryQueue {
  // Keys come in no regular order, so that batches hold conflicts.
  const keyOf = keyed ? (position: number) => KEYS[(Math.imul(position, 0x9e3779b1) >>> 8) % 1000] : () => undefined
  return new DeliveryQueue({ order, bands, keyOf, bandOf: position => position % bands, handled: () => {} })
}

function settleBatch(queue: DeliveryQueue, session: number, now: number): number {
  const count = queue.claim(session, BATCH, now)
  const { token } = queue.claimed
  for (let index = 0; index < count; index++) queue.ack(token[index] as number)
  return count
}

/** Nanoseconds a message for adding, and for claiming and acknowledging. */
function round(each: Case): [add: number, settle: number] {
  const queue = create(each)
  const session = queue.open(1, 30_000)
  let [adding, settling] = [0, 0]
  let added = 0
  const step = each.backlog ?? MESSAGES
  for (let done = 0; done < MESSAGES; ) {
    const start = performance.now()
    for (const end = Math.min(MESSAGES, added + step); added < end; added++) queue.add(added, 0, start)
    const middle = performance.now()
    for (const end = done + step; done < end && done < added; ) done += settleBatch(queue, session, middle)
    adding += middle - start
    settling += performance.now() - middle
  }
  return [(adding * 1e6) / MESSAGES, (settling * 1e6) / MESSAGES]
}

const show = (values: number[]): string => {
  const sorted = values.sort((a, b) => a - b)
  return `${sorted[0]?.toFixed(1).padStart(7)} ${sorted[ROUNDS >> 1]?.toFixed(1).padStart(7)}`
}

console.log(`${''.padEnd(32)}      add (best, median)   claim + ack (best, median)`)
const only = process.argv[2]
const chosen = Object.entries(cases).filter(([name]) => only === undefined || name === only)
const results = new Map(chosen.map(([name]) => [name, [] as [number, number][]]))
for (let turn = 0; turn < ROUNDS; turn++) {
  for (const [name, each] of chosen) results.get(name)?.push(round(each))
}
for (const [name, rounds] of results) {
  console.log(
    `${name.padEnd(32)}      ${show(rounds.map(([add]) => add))}   ${show(rounds.map(([, settle]) => settle))}`,
  )
}
