import { describe, expect, test } from 'vitest'
import { DeliveryQueue, type Order, type Restored, type Stretch } from '../src/index.js'

const trouble = (changes: Partial<NonNullable<Restored['trouble']>> = {}) => ({
  ...{ failures: 0, losses: 0, marks: 0, lostBy: undefined, lostMarked: false },
  ...changes,
})
const ready = (position: number): Restored => ({ position, state: 'ready', due: 0, trouble: undefined })

function queueOf(
  restored: readonly (Restored | Stretch)[],
  keys: Readonly<Record<number, string>> = {},
  order: Order = 'fifo',
) {
  const options = { order, bands: 1, keyOf: (position: number) => keys[position], bandOf: () => 0, handled: () => {} }
  const queue = new DeliveryQueue(options, restored)
  const session = queue.open(0, 1_000)
  const claim = (max = 99, now = 0) => {
    const count = queue.claim(session, max, now)
    return [...queue.claimed.position.subarray(0, count)]
  }
  return { queue, session, claim }
}

describe('a queue that is begun from what was kept', () => {
  test('serves in the order in which it was told, and goes on from there', () => {
    const { queue, claim } = queueOf([ready(3), ready(1), ready(7)])
    queue.add(8, 0, 0)
    expect(claim()).toEqual([3, 1, 7, 8])
  })

  test.each(['fifo', 'lifo'] as const)(
    'takes stretches of what is ready among the others, each key in turn: %s',
    order => {
      const failed: Restored = { ...ready(4), trouble: trouble({ failures: 1 }) }
      const { queue, claim } = queueOf(
        [{ from: 1, to: 4 }, failed, { from: 5, to: 6 }, ready(9)],
        { 2: 'k', 9: 'k' },
        order,
      )
      expect(queue.counts()).toEqual({ waiting: 6, leased: 0, retrying: 0, scheduled: 0, dead: 0 })
      expect(claim()).toEqual(order === 'fifo' ? [1, 2, 3, 4, 5] : [5, 4, 3, 2, 1])
    },
  )

  test('serves a lifo from its end, what came back at its place', () => {
    const { claim } = queueOf([ready(1), { ...ready(2), trouble: trouble({ failures: 1 }) }, ready(3)], {}, 'lifo')
    expect(claim()).toEqual([3, 2, 1])
  })

  test('knows failures, losses and marks, and judges a loss by who comes', () => {
    const { queue, claim } = queueOf([
      { ...ready(1), trouble: trouble({ failures: 2 }) },
      { ...ready(2), trouble: trouble({ losses: 1, lostBy: 7, lostMarked: true }) },
      { ...ready(3), trouble: trouble({ lostBy: 0 }) },
    ])
    expect(claim()).toEqual([1])
    expect(queue.claimed.failures[0]).toBe(2)
    expect(claim()).toEqual([2])
    expect([queue.claimed.losses[0], queue.claimed.marks[0]]).toEqual([2, 1])
    expect(claim()).toEqual([3])
    expect(queue.claimed.losses[0]).toBe(0)
  })

  test.each(['fifo', 'lifo'] as const)('lets what failed wait at its place, with its key: %s', order => {
    const failed: Restored = { position: 1, state: 'retrying', due: 50, trouble: trouble({ failures: 1 }) }
    const { queue, claim } = queueOf([failed, ready(2), ready(3)], { 1: 'k', 2: 'k' }, order)
    expect(queue.counts()).toEqual({ waiting: 2, leased: 0, retrying: 1, scheduled: 0, dead: 0 })
    expect(claim()).toEqual([3])
    expect(queue.nextDue()).toBe(50)
    expect(claim(99, 50)).toEqual([1])
    queue.ack(queue.claimed.token[0] as number)
    expect(claim(99, 50)).toEqual([2])
  })

  test.each(['fifo', 'lifo'] as const)(
    'leaves what is leased with its holder, at its place and with its key: %s',
    order => {
      const leased = { state: 'leased', due: 50, holder: 7 } as const
      const { queue, claim } = queueOf(
        [
          { position: 1, ...leased, trouble: undefined },
          { position: 2, ...leased, trouble: trouble({ failures: 1, losses: 2, lostMarked: true }) },
          ready(3),
          ready(4),
        ],
        { 1: 'k', 3: 'k' },
        order,
      )
      expect(queue.counts()).toEqual({ waiting: 2, leased: 2, retrying: 0, scheduled: 0, dead: 0 })
      expect([...queue.sessions()].map(({ instance }) => instance)).toEqual([7, 0])
      expect(claim(99, 49)).toEqual([4])
      expect(queue.nextDue()).toBe(50)
      // The suspect comes alone, as one that was marked when it was lost; the other one was lost unmarked.
      const [first, then] = order === 'fifo' ? [1, 2] : [2, 1]
      const claimed: number[] = []
      const losses: Record<number, readonly (number | undefined)[]> = {}
      for (let round = 0; round < 2; round++) {
        const [position = -1] = claim(99, 50)
        claimed.push(position)
        losses[position] = [queue.claimed.failures[0], queue.claimed.losses[0], queue.claimed.marks[0]]
      }
      expect(claimed).toEqual([first, then])
      expect(losses).toEqual({ 1: [0, 1, 0], 2: [1, 3, 1] })
    },
  )

  test('whoever has its holder take it over has it as it was, and its token ends it', () => {
    const suspect = trouble({ losses: 2, lostMarked: true })
    const { queue } = queueOf([{ position: 1, state: 'leased', due: 50, holder: 7, trouble: suspect }, ready(2)])
    const [{ id = -1 } = {}] = queue.sessions()
    const heir = queue.open(7, 1_000)
    expect(queue.transfer(id, heir, 0)).toBe(1)
    expect(queue.claim(heir, 9, 0)).toBe(1)
    expect([queue.claimed.position[0], queue.claimed.losses[0], queue.claimed.marks[0]]).toEqual([1, 2, 0])
    expect(queue.ack(queue.claimed.token[0] as number)).toBe(true)
    expect(queue.counts()).toMatchObject({ waiting: 1, leased: 0 })
  })

  test('what is leased to nobody is refused', () => {
    expect(() => queueOf([{ position: 1, state: 'leased', due: 50, trouble: undefined }])).toThrow(
      /its holder is missing/,
    )
  })

  test('keeps what is not due, and the dead in the order of dying', () => {
    const { queue, claim } = queueOf([
      ready(4),
      { position: 2, state: 'scheduled', due: 30, trouble: undefined },
      { position: 9, state: 'dead', due: 0, trouble: undefined },
      { position: 5, state: 'dead', due: 0, trouble: undefined },
    ])
    expect(queue.counts()).toEqual({ waiting: 1, leased: 0, retrying: 0, scheduled: 1, dead: 2 })
    expect([...queue.dead()]).toEqual([9, 5])
    expect(claim()).toEqual([4])
    expect(queue.redrive(9, 10)).toBe(true)
    expect(claim(99, 30)).toEqual([9, 2])
  })
})

test('what is leased to a session is told, that of others is not', () => {
  const { queue, session, claim } = queueOf([ready(1), ready(2), ready(3)])
  expect(claim(2)).toEqual([1, 2])
  const other = queue.open(1, 1_000)
  queue.claim(other, 1, 0)
  expect([...queue.leasedTo(session)]).toEqual([1, 2])
  expect([...queue.leasedTo(other)]).toEqual([3])
  queue.close(session)
  expect([...queue.leasedTo(session)]).toEqual([])
})
