import { describe, expect, it } from 'vitest'
import { DeliveryQueue, type Order } from '../src/index.js'

interface Message {
  readonly key?: string
  readonly band?: number
  readonly due?: number
}

const LEASE = 1000

/** A queue over a list of messages; position 0 is the first. */
function setup(order: Order, messages: readonly Message[], bands = order === 'priority' ? 3 : 1) {
  const handled: number[] = []
  const queue = new DeliveryQueue({
    order,
    bands,
    keyOf: position => messages[position]?.key,
    bandOf: position => messages[position]?.band ?? 0,
    handled: position => handled.push(position),
  })
  messages.forEach((message, position) => void queue.add(position, message.due ?? 0, 0))
  const session = queue.open(1, LEASE)
  const claim = (max: number, now = 0, by = session) => {
    const count = queue.claim(by, max, now)
    return Array.from(queue.claimed.position.subarray(0, count))
  }
  const token = (index = 0) => queue.claimed.token[index] as number
  return { queue, session, claim, token, handled }
}

const plain = (count: number): Message[] => Array.from({ length: count }, () => ({}))

describe('order', () => {
  it('fifo serves the oldest first', () => {
    const { claim } = setup('fifo', plain(5))
    expect(claim(2)).toEqual([0, 1])
    expect(claim(9)).toEqual([2, 3, 4])
    expect(claim(9)).toEqual([])
  })

  it('lifo serves the newest first, and what comes back in its place', () => {
    const { claim, queue, token } = setup('lifo', plain(5))
    expect(claim(2)).toEqual([4, 3])
    queue.release(token(1))
    queue.release(token(0))
    expect(claim(9)).toEqual([4, 3, 2, 1, 0])
  })

  it('priority serves the lowest band first, and the oldest within it', () => {
    const { claim } = setup('priority', [{ band: 2 }, { band: 0 }, { band: 1 }, { band: 0 }])
    expect(claim(9)).toEqual([1, 3, 2, 0])
  })

  it('keeps the place of what is released, retried or lost', () => {
    const { claim, queue, token } = setup('fifo', plain(6))
    claim(3)
    const [first, second] = [token(0), token(1)]
    queue.retry(second, 50)
    queue.release(first)
    expect(claim(1, 10)).toEqual([0])
    expect(claim(1, 50)).toEqual([1])
    expect(claim(1, LEASE)).toEqual([2])
  })

  it('gives a delayed message its place when it is due, equal times in the order of publishing', () => {
    const { claim } = setup('fifo', [{ due: 20 }, { due: 10 }, { due: 10 }, {}])
    expect(claim(9, 9)).toEqual([3])
    expect(claim(9, 20)).toEqual([1, 2, 0])
  })
})

describe('what has come due before anybody looked', () => {
  const late = { due: 20 }

  it('is before what was added later, and behind what was added before', () => {
    const { claim, queue } = setup('fifo', [late, {}, { due: 10 }])
    queue.add(3, 0, 19)
    queue.add(4, 0, 20)
    expect(queue.counts()).toMatchObject({ waiting: 5, scheduled: 0 })
    expect(claim(9, 30)).toEqual([1, 2, 3, 0, 4])
  })

  it('is before what was redriven later', () => {
    const { claim, queue, token } = setup('fifo', [{}, late, late])
    claim(1)
    queue.reject(token())
    queue.redrive(0, 20)
    expect(claim(9, 20)).toEqual([1, 2, 0])
  })

  it('is below what was added later, where the youngest goes first', () => {
    const { claim, queue } = setup('lifo', [late, {}])
    queue.add(2, 0, 25)
    expect(claim(9, 25)).toEqual([2, 0, 1])
  })

  it.each(['lifo', 'priority'] as const)('%s: takes its turn within its key', order => {
    const messages: Message[] = [{ ...late, key: 'a', band: 2 }, {}]
    const { claim, queue, token } = setup(order, messages)
    messages.push({ key: 'a' })
    queue.add(2, 0, 20)
    expect(claim(9, 20).sort()).toEqual([0, 1])
    queue.ack(token(Array.from(queue.claimed.position).indexOf(0)))
    expect(claim(9, 20)).toEqual([2])
  })

  it('is judged by the latest time that was told, by whichever call', () => {
    const { claim, queue } = setup('fifo', [late])
    queue.hasReady(20)
    queue.add(1, 0, 5)
    expect(claim(9, 5)).toEqual([0, 1])
    queue.add(2, 15, 5)
    queue.add(3, 0, 5)
    expect(claim(9, 5)).toEqual([2, 3])
  })

  it('has the same place in a subscription that is filled later', () => {
    const dues = [20, 0, 10, 0, 15, 0, 200, 0, 0]
    const [early, filled] = [setup('fifo', []), setup('fifo', [])]
    dues.forEach((due, position) => {
      early.queue.add(position, due, 5 * position)
      early.claim(0, 5 * position + 2)
    })
    dues.forEach((due, position) => void filled.queue.add(position, due, 5 * position))
    expect(filled.claim(9, 100)).toEqual(early.claim(9, 100))
    expect(filled.queue.counts()).toMatchObject({ scheduled: 1 })
  })

  it('is noticed without taking anything', () => {
    const { claim, queue } = setup('fifo', [late, {}])
    queue.notice(19)
    expect(queue.counts()).toMatchObject({ waiting: 1, scheduled: 1 })
    queue.notice(20)
    queue.add(2, 0, 30)
    expect(queue.counts()).toMatchObject({ waiting: 3, scheduled: 0 })
    expect(claim(9, 30)).toEqual([1, 0, 2])
  })
})

describe('keys', () => {
  it.each(['fifo', 'lifo', 'priority'] as const)('%s: one of a key at a time, others pass', order => {
    const { claim, queue, token } = setup(order, [
      { key: 'a', band: 2 },
      { key: 'a' },
      { key: 'b', band: 1 },
      { band: 1 },
    ])
    expect(claim(9).sort()).toEqual([0, 2, 3])
    const index = Array.from(queue.claimed.position).indexOf(0)
    queue.ack(token(index))
    expect(claim(9)).toEqual([1])
  })

  it('a key waits while its head waits for a retry, and the next follows a rejection', () => {
    const { claim, queue, token } = setup('fifo', [{ key: 'a' }, { key: 'a' }])
    claim(1)
    queue.retry(token(), 100)
    expect(claim(9, 99)).toEqual([])
    expect(claim(9, 100)).toEqual([0])
    expect(queue.claimed.failures[0]).toBe(1)
    expect(queue.reject(token())).toBe(0)
    expect(claim(9, 100)).toEqual([1])
  })
})

describe('leases', () => {
  it('refuses a stale token, also after its slot is used again', () => {
    const { claim, queue, token, handled } = setup('fifo', plain(3))
    claim(1)
    const old = token()
    expect(queue.positionOf(old)).toBe(0)
    expect(queue.ack(old)).toBe(true)
    claim(1)
    expect(token()).not.toBe(old)
    expect([queue.ack(old), queue.retry(old, 0), queue.release(old), queue.mark(old), queue.renew(old, 0)]).toEqual(
      Array(5).fill(false),
    )
    expect([queue.reject(old), queue.positionOf(old)]).toEqual([-1, -1])
    expect(handled).toEqual([0])
  })

  it.each([0, -1, Number.NaN, 0.5, 2 ** 53, Number.POSITIVE_INFINITY])('refuses %d, which no claim gave', token => {
    const { claim, queue } = setup('fifo', plain(3))
    claim(2)
    expect(queue.ack(token)).toBe(false)
  })

  it('counts a loss when another instance claims, and not when the same does', () => {
    const { claim, queue, token } = setup('fifo', plain(1))
    const other = queue.open(2, LEASE)
    claim(1, 0)
    queue.mark(token())
    claim(1, LEASE)
    expect([queue.claimed.losses[0], queue.claimed.marks[0]]).toEqual([0, 0])
    queue.mark(token())
    claim(1, 2 * LEASE, other)
    expect([queue.claimed.losses[0], queue.claimed.marks[0]]).toEqual([1, 1])
  })

  it('returns a suspect alone', () => {
    const { claim, queue } = setup('fifo', plain(3))
    const sessions = [1, 2, 3, 4].map(instance => queue.open(instance, LEASE))
    const take = (turn: number, max: number) => claim(max, turn * LEASE, sessions[turn])
    take(0, 2)
    take(1, 2)
    expect(take(2, 3)).toEqual([0])
    expect(take(2, 3)).toEqual([1])
    expect(take(2, 3)).toEqual([2])
  })

  it('gives back what a closed session holds, uncounted', () => {
    const { claim, queue, session } = setup('fifo', plain(2))
    claim(2)
    queue.close(session)
    queue.close(session)
    expect(() => claim(1)).toThrow(RangeError)
    expect(claim(2, 0, queue.open(2, LEASE))).toEqual([0, 1])
    expect(queue.claimed.losses[0]).toBe(0)
  })

  it('never reads time backwards', () => {
    const { claim, queue } = setup('fifo', plain(2))
    claim(1, 500)
    claim(1, 100)
    expect(queue.nextDue()).toBe(1500)
  })
})

describe('dead letters', () => {
  it('walks the dead in the order of dying, while they change', () => {
    const { claim, queue, token, handled } = setup('fifo', plain(4))
    claim(4)
    for (const index of [2, 0, 3]) queue.reject(token(index))
    const seen: number[] = []
    for (const position of queue.dead()) {
      seen.push(position)
      queue.redrive(position, 0)
      claim(1)
      queue.reject(token())
    }
    expect(seen).toEqual([2, 0, 3])
    expect([queue.discard(2), queue.discard(2), queue.redrive(2, 0), queue.isDead(0)]).toEqual([
      true,
      false,
      false,
      true,
    ])
    expect(handled).toEqual([2])
  })
})

describe('looking ahead', () => {
  it('knows when something is ready, and when time makes it so', () => {
    const { claim, queue, token } = setup('fifo', [{ due: 300 }, { key: 'a' }, { key: 'a' }])
    expect(queue.hasReady(0)).toBe(true)
    claim(1)
    expect(queue.hasReady(0)).toBe(true)
    expect(claim(1)).toEqual([])
    expect(queue.hasReady(0)).toBe(false)
    expect(queue.nextDue()).toBe(300)
    expect(queue.hasReady(300)).toBe(true)
    claim(1, 300)
    queue.retry(token(), 5000)
    expect(queue.nextDue()).toBe(LEASE)
    expect(queue.counts()).toEqual({ waiting: 1, leased: 1, retrying: 1, scheduled: 0, dead: 0 })
  })

  it('lists all that is pending', () => {
    const messages = [{}, { key: 'a' }, { key: 'a' }, { due: 10 }, {}, {}]
    const { claim, queue, token } = setup('fifo', messages)
    claim(4)
    queue.reject(token(0))
    queue.retry(token(1), 20)
    queue.release(token(2))
    expect([...queue.pending()].sort()).toEqual([0, 1, 2, 3, 4, 5])
  })
})

it('refuses bands that the order has not, and messages in no band', () => {
  const options = { keyOf: () => undefined, bandOf: () => 7, handled: () => {} }
  expect(() => new DeliveryQueue({ ...options, order: 'fifo', bands: 2 })).toThrow(RangeError)
  expect(() => new DeliveryQueue({ ...options, order: 'priority', bands: 0 })).toThrow(RangeError)
  const queue = new DeliveryQueue({ ...options, order: 'priority', bands: 7 })
  expect(() => queue.add(1, 0, 0)).toThrow('Message 1 is in band 7; there are 7, from 0.')
})
