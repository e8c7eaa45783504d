import { describe, expect, test } from 'vitest'
import { type ConsumerInit, Consumers, DeliveryQueue, type Restored } from '../src/index.js'

const LEASE = 1_000
const NEVER = Number.POSITIVE_INFINITY

/** A queue with messages, and consumers that say what they are told. */
function opened(messages: number | readonly Restored[] = 0) {
  const options = { order: 'fifo', bands: 1, keyOf: () => undefined, bandOf: () => 0, handled: () => {} } as const
  const queue = new DeliveryQueue(options, typeof messages === 'number' ? [] : messages)
  if (typeof messages === 'number') for (let position = 1; position <= messages; position++) queue.add(position, 0, 0)
  const consumers = new Consumers(queue)
  const told: string[] = []
  const open = (name: string, changes: Partial<ConsumerInit> = {}, now = 0) =>
    consumers.open(
      {
        ...{ instance: 0, holder: undefined, lease: LEASE },
        wake: () => told.push(`${name} woken`),
        replaced: () => told.push(`${name} replaced`),
        ended: cause => told.push(`${name} ended: ${cause}`),
        ...changes,
      },
      now,
    )
  /** Claims and hands on, as a source does. */
  const claim = (consumer: ReturnType<typeof open>, max = 99, now = 0) => {
    const claimed = consumers.claim(consumer, max, now)
    const positions = [...queue.claimed.position.subarray(0, claimed.count)]
    consumers.handOn(claimed, max, now)
    return { ...claimed, positions }
  }
  return { queue, consumers, told, open, claim }
}

describe('who waits', () => {
  test('is woken by what becomes ready, once, until the next claim', () => {
    const { queue, consumers, told, open, claim } = opened()
    const one = open('one')
    expect(consumers.isAnyAsleep).toBe(false)
    expect(claim(one)).toEqual({ count: 0, more: false, due: NEVER, positions: [] })
    expect(consumers.isAnyAsleep).toBe(true)
    consumers.stir(1, 0)
    expect(told).toEqual([])
    for (const position of [1, 2]) {
      queue.add(position, 0, 0)
      consumers.stir(1, 0)
    }
    expect(told).toEqual(['one woken'])
    expect(claim(one).positions).toEqual([1, 2])
  })

  test('is woken for what another leaves, and for a lease that ends sooner than anything was expected', () => {
    const { queue, told, open, claim } = opened()
    const [one, other] = [open('one'), open('other')]
    claim(one)
    claim(other)
    queue.add(1, 0, 0)
    queue.add(2, 0, 0)
    expect(claim(one, 1)).toMatchObject({ count: 1, more: false, due: LEASE })
    expect(told).toEqual(['other woken'])
    expect(claim(other).positions).toEqual([2])
  })

  test('is woken when whoever was woken before goes without a claim, with goodbye or without', () => {
    for (const leave of ['close', 'abandon'] as const) {
      const { queue, consumers, told, open, claim } = opened()
      const [one, other] = [open('one'), open('other')]
      claim(one)
      claim(other)
      queue.add(1, 0, 0)
      consumers.stir(1, 0)
      one[leave](0)
      expect(told).toEqual(['one woken', 'other woken'])
    }
  })

  test('and has no room hands on what it was woken for', () => {
    const { queue, consumers, told, open, claim } = opened()
    const [one, other] = [open('one'), open('other')]
    claim(one)
    claim(other)
    queue.add(1, 0, 0)
    consumers.stir(1, 0)
    claim(one, 0)
    expect(told).toEqual(['one woken', 'other woken'])
  })

  test('does not wait after a suspect, which came alone', () => {
    const trouble = { failures: 0, losses: 2, marks: 0, lostBy: undefined, lostMarked: false }
    const { open, claim } = opened([
      { position: 1, state: 'ready', due: 0, trouble },
      { position: 2, state: 'ready', due: 0, trouble: undefined },
    ])
    const one = open('one')
    expect(claim(one)).toMatchObject({ positions: [1], more: true })
    expect(claim(one)).toMatchObject({ positions: [2], more: false })
  })
})

describe('who follows whom', () => {
  const holder = (generation: number, id = 7) => ({ holder: { id, generation } })

  test('the next generation takes over what was abandoned, or is still open: that one is told', () => {
    const { queue, told, open, claim } = opened(3)
    const first = open('first', holder(1))
    expect(claim(first, 2).positions).toEqual([1, 2])
    first.abandon(0)
    expect([first.isOver, first.isReplaced]).toEqual([true, false])
    const second = open('second', holder(2))
    expect([second.transferred, told]).toEqual([2, []])
    expect(claim(second, 1).positions).toEqual([1])
    const third = open('third', holder(3))
    expect([third.transferred, told]).toEqual([2, ['second replaced']])
    expect([second.isOver, second.isReplaced]).toEqual([false, true])
    second.abandon(0)
    second.close(0)
    expect(claim(third).positions).toEqual([1, 2, 3])
    expect(queue.counts().leased).toBe(3)
    expect(told).toHaveLength(1)
  })

  test('one that has closed leaves nothing to take over', () => {
    const { open, claim } = opened(2)
    const first = open('first', holder(1))
    claim(first, 2)
    first.close(0)
    const second = open('second', holder(2))
    expect(second.transferred).toBe(0)
    expect(claim(second).positions).toEqual([1, 2])
  })

  test('one whose leases have ended is forgotten, and so is its generation', () => {
    const { consumers, open, claim } = opened(1)
    const first = open('first', holder(1))
    claim(first)
    first.abandon(0)
    expect(consumers.isLate(0, holder(1).holder)).toBe(true)
    const other = open('other', {}, LEASE)
    expect(claim(other, 1, LEASE).positions).toEqual([1])
    open('another', holder(1, 8), LEASE)
    expect(consumers.isLate(0, holder(1).holder)).toBe(false)
  })

  test('an opening that comes late is known, of its own instance and consumer alone', () => {
    const { consumers, open } = opened()
    open('first', holder(2))
    const isLate = (instance: number, generation: number, id = 7) => consumers.isLate(instance, { id, generation })
    expect([isLate(0, 1), isLate(0, 2), isLate(0, 3)]).toEqual([true, true, false])
    expect([isLate(1, 1), isLate(0, 1, 8), consumers.isLate(0, undefined)]).toEqual([false, false, false])
  })

  test('others do not, nor does who follows nobody', () => {
    const { open, claim } = opened(2)
    const first = open('first', holder(1))
    claim(first, 2)
    first.abandon(0)
    const others = [open('other', holder(2, 8)), open('none'), open('elsewhere', { ...holder(2), instance: 1 })]
    expect(others.map(({ transferred }) => transferred)).toEqual([0, 0, 0])
    expect(others.map(other => claim(other).count)).toEqual([0, 0, 0])
  })

  test('those who wait hear that what was taken over ends later', () => {
    const { told, open, claim } = opened(1)
    const first = open('first', holder(1))
    claim(first, 1)
    const other = open('other')
    expect(claim(other).due).toBe(LEASE)
    first.abandon(10)
    open('second', { ...holder(2), lease: LEASE / 2 }, 10)
    expect(told).toEqual(['other woken'])
  })
})

describe('a queue that is begun with leases', () => {
  const leased = (position: number, holder: number): Restored => ({
    ...{ position, state: 'leased', due: 50, holder, trouble: undefined },
  })

  test('gives them to the first consumer of each instance that has a holder', () => {
    const { queue, open, claim } = opened([leased(1, 0), leased(2, 1), leased(3, 0)])
    expect(queue.counts().leased).toBe(3)
    const [none, first] = [open('none'), open('first', { holder: { id: 0, generation: 4 } })]
    const second = open('second', { holder: { id: 1, generation: 1 } })
    expect([none.transferred, first.transferred, second.transferred]).toEqual([0, 2, 0])
    expect(claim(none).count).toBe(0)
    expect(claim(first).positions).toEqual([1, 3])
    expect(claim(open('foreign', { instance: 1, holder: { id: 0, generation: 1 } })).positions).toEqual([2])
  })

  test('hands them out as lost when their time is over, and wakes for them', () => {
    const { queue, open, claim } = opened([leased(1, 0), leased(2, 1)])
    const other = open('other', { instance: 1 })
    expect(claim(other, 9, 49)).toMatchObject({ count: 0, due: 50 })
    expect(claim(other, 9, 50).positions).toEqual([1, 2])
    expect([...queue.claimed.losses.subarray(0, 2)]).toEqual([1, 0])
    const late = open('late', { holder: { id: 0, generation: 1 } }, 51)
    expect(late.transferred).toBe(0)
    expect([...queue.sessions()].map(({ instance }) => instance)).toEqual([1, 0])
  })
})

test('all are told when the subscription goes, and nothing happens to them afterwards', () => {
  const { queue, consumers, told, open, claim } = opened(1)
  const [one, other] = [open('one'), open('other')]
  claim(one)
  consumers.end('gone', 0)
  expect(told).toEqual(['one ended: gone', 'other ended: gone'])
  expect([one.isOver, other.isOver]).toEqual([true, true])
  one.end('again', 0)
  one.replace(0)
  other.close(0)
  one.abandon(0)
  expect(told).toHaveLength(2)
  expect(queue.counts().leased).toBe(1)
})
