import { describe, expect, it } from 'vitest'
import { DeliveryQueue, type Order } from '../src/index.js'

const LEASE = 1000

interface Message {
  readonly key?: string
  readonly band?: number
}

/** A queue over a list of messages, and consumers of instance 1 that take each other's place. */
function setup(order: Order, messages: readonly Message[]) {
  const queue = new DeliveryQueue({
    order,
    bands: order === 'priority' ? 3 : 1,
    keyOf: position => messages[position]?.key,
    bandOf: position => messages[position]?.band ?? 0,
    handled: () => {},
  })
  messages.forEach((_, position) => void queue.add(position, 0, 0))
  const open = (instance = 1, lease = LEASE) => queue.open(instance, lease)
  const claim = (by: number, max: number, now = 0) => {
    const count = queue.claim(by, max, now)
    return Array.from(queue.claimed.position.subarray(0, count))
  }
  const tokens = (count: number) => Array.from(queue.claimed.token.subarray(0, count))
  return { queue, open, claim, tokens }
}

const plain = (count: number): Message[] => Array.from({ length: count }, () => ({}))

describe('what a session held goes to the one that replaces it', () => {
  it('first, in the order of places, however it was taken', () => {
    const { queue, open, claim, tokens } = setup('fifo', plain(8))
    const [one, two] = [open(), open()]
    claim(one, 3)
    const [first] = tokens(3)
    queue.release(first as number)
    claim(one, 1)
    // Its lease is the youngest now, and its place still the first.
    expect(queue.transfer(one, two, 10)).toBe(3)
    expect(claim(two, 2, 20)).toEqual([0, 1])
    expect(claim(two, 4, 20)).toEqual([2, 3, 4, 5])
  })

  it('before the younger of lifo and the more urgent of priority', () => {
    const lifo = setup('lifo', plain(3))
    const [one, two] = [lifo.open(), lifo.open()]
    expect(lifo.claim(one, 2)).toEqual([2, 1])
    lifo.queue.add(3, 0, 0)
    lifo.queue.transfer(one, two, 0)
    expect(lifo.claim(two, 9)).toEqual([2, 1, 3, 0])

    const urgent = setup('priority', [{ band: 2 }, { band: 1 }, { band: 2 }])
    const [gone, heir] = [urgent.open(), urgent.open()]
    expect(urgent.claim(gone, 2)).toEqual([1, 0])
    urgent.queue.transfer(gone, heir, 0)
    expect(urgent.claim(heir, 9)).toEqual([1, 0, 2])
  })

  it('is ready for nobody else in between, and its key stays closed', () => {
    const { queue, open, claim } = setup('fifo', [{ key: 'a' }, { key: 'a' }, {}])
    const [one, two, other] = [open(), open(), open(2)]
    claim(one, 1)
    queue.transfer(one, two, 0)
    expect(queue.counts()).toMatchObject({ waiting: 2, leased: 1 })
    expect([claim(other, 9), claim(two, 9)]).toEqual([[2], [0]])
  })

  it('under new tokens: the old ones change nothing, the late goodbye of the old session too', () => {
    const { queue, open, claim, tokens } = setup('fifo', plain(2))
    const [one, two] = [open(), open()]
    claim(one, 2)
    const old = tokens(2)
    queue.transfer(one, two, 0)
    for (const token of old) {
      expect([queue.ack(token), queue.retry(token, 0), queue.release(token), queue.reject(token)]).toEqual([
        false,
        false,
        false,
        -1,
      ])
      expect([queue.mark(token), queue.renew(token, 0), queue.positionOf(token)]).toEqual([false, false, -1])
    }
    expect(() => claim(one, 1)).toThrow(`Session ${one} is not open.`)
    queue.close(one)
    expect(claim(two, 9)).toEqual([0, 1])
    expect(tokens(2).map(token => queue.ack(token))).toEqual([true, true])
  })

  it('with a lease from then on, and from its claim on', () => {
    const { queue, open, claim, tokens } = setup('fifo', plain(2))
    const [one, two, other] = [open(), open(), open(2)]
    claim(one, 2)
    queue.transfer(one, two, 900)
    expect(queue.nextDue()).toBe(1_900)
    expect(claim(two, 1, 1_500)).toEqual([0])
    // The other one was never claimed, and has gone.
    expect(claim(other, 9, 1_900)).toEqual([1])
    expect(queue.claimed.losses[0]).toBe(1)
    expect([claim(two, 9, 1_900), queue.hasReady(1_900, two)]).toEqual([[], false])
    expect(claim(other, 9, 2_500)).toEqual([0])
    expect(tokens(1).map(token => queue.ack(token))).toEqual([true])
  })

  it('with its attempts, losses and marks; a mark on the lease goes on counting', () => {
    const { queue, open, claim, tokens } = setup('fifo', plain(1))
    let now = 0
    for (const instance of [1, 2, 3]) {
      claim(open(instance), 1, now)
      now += LEASE
    }
    const [one, two] = [open(4), open(4)]
    claim(one, 1, now)
    expect([queue.claimed.losses[0], queue.claimed.marks[0]]).toEqual([3, 0])
    queue.mark(tokens(1)[0] as number)
    queue.transfer(one, two, now)
    claim(two, 1, now)
    expect([queue.claimed.failures[0], queue.claimed.losses[0], queue.claimed.marks[0]]).toEqual([0, 3, 0])
    claim(open(5), 1, now + LEASE)
    expect([queue.claimed.losses[0], queue.claimed.marks[0]]).toEqual([4, 1])
    queue.retry(tokens(1)[0] as number, 0)
    claim(open(5), 1, now + LEASE)
    expect([queue.claimed.failures[0], queue.claimed.losses[0], queue.claimed.marks[0]]).toEqual([1, 0, 0])
  })

  it('a suspect alone: not behind others, and nothing behind it', () => {
    const { queue, open, claim } = setup('fifo', plain(4))
    claim(open(2), 1)
    claim(open(3), 1, LEASE)
    const [one, two] = [open(), open()]
    expect(claim(one, 9, 2 * LEASE)).toEqual([0])
    expect(claim(one, 2, 2 * LEASE)).toEqual([1, 2])
    queue.transfer(one, two, 2 * LEASE)
    expect(claim(two, 9, 2 * LEASE)).toEqual([0])
    expect(queue.hasReady(2 * LEASE, two)).toBe(true)
    expect(claim(two, 9, 2 * LEASE)).toEqual([1, 2, 3])
  })

  it('again and again, what was not claimed yet with what was', () => {
    const { queue, open, claim } = setup('fifo', plain(4))
    const [one, two, three] = [open(), open(), open()]
    claim(one, 3)
    queue.transfer(one, two, 0)
    expect(claim(two, 1)).toEqual([0])
    expect([queue.transfer(two, three, 0), claim(three, 0), queue.isHolding(three)]).toEqual([3, [], true])
    expect(claim(three, 9)).toEqual([0, 1, 2, 3])
  })

  it('from two sessions at once, in one order', () => {
    const { queue, open, claim } = setup('fifo', plain(5))
    const [one, two, heir] = [open(), open(), open()]
    for (const session of [one, two, one, two]) claim(session, 1)
    queue.transfer(two, heir, 0)
    expect(claim(heir, 1)).toEqual([1])
    queue.transfer(one, heir, 0)
    expect(claim(heir, 9)).toEqual([0, 2, 3, 4])
  })

  it('goes back to its places when the new session is closed before it claimed', () => {
    const { queue, open, claim } = setup('fifo', plain(3))
    const [one, two, other] = [open(), open(), open(2)]
    claim(one, 2)
    queue.transfer(one, two, 0)
    queue.close(two)
    expect(claim(other, 9)).toEqual([0, 1, 2])
    expect(Array.from(queue.claimed.losses.subarray(0, 3))).toEqual([0, 0, 0])
  })
})

it('hands over nothing where there is nothing, and nothing to another instance', () => {
  const { queue, open, claim } = setup('fifo', plain(1))
  const [one, two, foreign] = [open(), open(), open(2)]
  claim(one, 1)
  expect([queue.transfer(99, two, 0), queue.transfer(one, one, 0)]).toEqual([0, 0])
  expect(() => queue.transfer(one, 99, 0)).toThrow('Session 99 is not open.')
  expect(() => queue.transfer(one, foreign, 0)).toThrow('another instance')
  expect([queue.isHolding(one), queue.isHolding(two), queue.isHolding(99)]).toEqual([true, false, false])
  expect([queue.transfer(two, one, 0), queue.hasReady(0, one)]).toEqual([0, false])
})
