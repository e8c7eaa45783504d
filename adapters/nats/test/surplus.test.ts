import { SUSPECT_AFTER } from '@pluribus/core/driver'
import { describe, expect, test } from 'vitest'
import { Hand } from '../src/hand.js'
import type { Item } from '../src/item.js'
import type { Link } from '../src/link.js'
import { Renewals } from '../src/renewals.js'
import { Surplus } from '../src/surplus.js'
import { environment, message } from './kit.js'

const WAIT = 30_000

/** A delivery that has just come. */
const item = (position: number, losses = 0): Item => ({
  ...{ message: message(`m${position}`), priority: 0, position, reply: '', count: 1, key: undefined },
  ...{ failures: 0, errors: [], losses, marks: 0, dueAt: 0, record: 0, revision: 0, renewedAt: performance.now() },
  leasedUntil: Number.POSITIVE_INFINITY,
  ...{ isOut: false, isMarked: false, isSettling: false, isOver: false },
})

/** A promise, and what settles it. */
function gate() {
  let open = () => {}
  let fail = (_: Error) => {}
  const passed = new Promise<void>((resolve, reject) => {
    open = resolve
    fail = reject
  })
  return { passed, open: () => open(), fail: (error: Error) => fail(error) }
}

/** A hand whose surplus takes as long to give back as a test says. */
function furnished() {
  const parts = { environment: environment(), lease: WAIT, wait: WAIT }
  const hand = new Hand({
    ...parts,
    discipline: { kind: 'fifo', levels: 1, atLeast: 'exact' },
    renewals: new Renewals({ ...parts, link: { environment: parts.environment } as Link }),
    ...{ wake() {}, ended() {}, lost() {} },
  })
  const released: (readonly Item[])[] = []
  const gates = [gate(), gate(), gate()]
  const release = async (items: readonly Item[]) => {
    const at = released.push(items) - 1
    await gates[at]?.passed
    for (const one of items) hand.drop(one)
  }
  const surplus = new Surplus({
    ...{ feed: { stop: async () => {} }, arrivals: { settled: async () => {} } },
    ...{ hand, settling: { release } },
  })
  const come = (one: Item) => {
    hand.hold(one)
    hand.ready(one)
  }
  const begun = () => expect.poll(() => released.length)
  return { hand, surplus, released, gates, come, begun }
}

const positionsOf = (items: readonly Item[]) => items.map(({ position }) => position)

describe('what has come and was not pulled', () => {
  test('that comes while the rest is given back does not stay beside a suspect', async () => {
    const { hand, surplus, released, gates, come, begun } = furnished()
    come(item(1))
    const first = surplus.giveBack(0)
    await begun().toBe(1)
    come(item(2, SUSPECT_AFTER))
    come(item(3))
    const second = surplus.giveBack(1)
    for (const { open } of gates) open()
    await Promise.all([first, second])
    expect(released.map(positionsOf)).toEqual([[1], [3]])
    expect(positionsOf(hand.all())).toEqual([2])
    hand.stop()
  })

  test('is not pulled until all of it is given back, one after the other', async () => {
    const { hand, surplus, released, gates, come, begun } = furnished()
    come(item(1))
    come(item(2))
    const told: string[] = []
    const both = [surplus.giveBack(1), surplus.giveBack(0)]
    surplus.settled().then(() => told.push('settled'))
    await begun().toBe(1)
    expect(released.map(positionsOf)).toEqual([[2]])
    gates[0]?.open()
    await begun().toBe(2)
    expect(told).toEqual([])
    gates[1]?.open()
    await Promise.all(both)
    await expect.poll(() => told).toEqual(['settled'])
    expect(hand.all()).toEqual([])
    hand.stop()
  })

  test('can be pulled where it could not be given back; only who wanted it so is told', async () => {
    const { hand, surplus, released, gates, come, begun } = furnished()
    come(item(1))
    const first = surplus.giveBack(0)
    const second = surplus.giveBack(0)
    const settled = surplus.settled()
    await begun().toBe(1)
    gates[0]?.fail(new Error('full'))
    await expect(first).rejects.toThrow('full')
    await begun().toBe(2)
    gates[1]?.fail(new Error('still full'))
    await expect(second).rejects.toThrow('still full')
    expect(await settled).toBeUndefined()
    expect(released.map(positionsOf)).toEqual([[1], [1]])
    expect(hand.take(1).deliveries.map(({ message: { id } }) => id)).toEqual(['m1'])
    hand.stop()
  })
})
