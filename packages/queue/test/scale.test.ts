import { expect, it } from 'vitest'
import { DeliveryQueue, type Order } from '../src/index.js'
import { randomFrom } from './random.js'

const MESSAGES = 60_000
const KEYS = 300

/** The model test stays below a hundred messages; here every chunk, heap and table has its edges crossed together. */
it.each<[Order, number]>([
  ['fifo', 1],
  ['lifo', 1],
  ['priority', 10],
])(
  '%s: settles %i bands of thousands once each, every key in order, whatever is retried or given back',
  (order, bands) => {
    const random = randomFrom(23)
    const keys = Array.from({ length: MESSAGES }, () => (random() < 0.5 ? undefined : `${Math.floor(random() * KEYS)}`))
    const handled: number[] = []
    const queue = new DeliveryQueue({
      order,
      bands,
      keyOf: position => keys[position],
      bandOf: position => position % bands,
      handled: position => handled.push(position),
    })
    for (let position = 0; position < MESSAGES; position++) queue.add(position, 0, 0)
    const sessions = [queue.open(1, 50), queue.open(2, 50)]
    for (let now = 0; handled.length < MESSAGES && now < 5000; now++) {
      const count = queue.claim(sessions[now % 2] as number, 1000, now)
      for (let index = 0; index < count; index++) {
        const token = queue.claimed.token[index] as number
        const choice = random()
        if (choice < 0.7) queue.ack(token)
        else if (choice < 0.8) queue.retry(token, now + 1 + Math.floor(random() * 20))
        else if (choice < 0.9) queue.release(token)
      }
    }
    expect(queue.counts()).toEqual({ waiting: 0, leased: 0, retrying: 0, scheduled: 0, dead: 0 })
    expect([...queue.pending()]).toEqual([])
    expect(new Set(handled).size).toBe(MESSAGES)
    const last = new Map<string, number>()
    for (const position of handled) {
      const key = keys[position]
      if (key === undefined) continue
      if ((last.get(key) ?? -1) > position) expect.unreachable(`${position} of key ${key} after ${last.get(key)}`)
      last.set(key, position)
    }
  },
)
