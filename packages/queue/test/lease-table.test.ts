import { expect, it } from 'vitest'
import { LeaseTable, type Session } from '../src/lease-table.js'
import { randomFrom } from './random.js'

function withSession(lease: number) {
  const table = new LeaseTable()
  return { table, session: table.session(table.open(1, lease)) as Session }
}

it('never gives a token twice, while slots are used again and the table grows', () => {
  const { table, session } = withSession(10)
  const random = randomFrom(13)
  const live = new Map<number, number>()
  const seen = new Set<number>()
  for (let step = 0; step < 50_000; step++) {
    if (live.size === 0 || random() < 0.52) {
      const token = table.token(table.take(session, step, step, step, -1))
      if (seen.has(token) || !Number.isSafeInteger(token)) expect.unreachable(`token ${token}`)
      seen.add(token)
      live.set(token, step)
    } else {
      const [token, position] = [...live.entries()][Math.floor(random() * live.size)] as [number, number]
      const slot = table.find(token)
      if (table.position[slot] !== position) expect(table.position[slot]).toBe(position)
      table.end(slot)
      live.delete(token)
      if (table.find(token) !== -1) expect.unreachable('stale')
    }
  }
  expect(table.size).toBe(live.size)
  expect([...table.positions()]).toEqual([...live.values()])
})

it('keeps the leases of a session in the order of expiry', () => {
  const { table, session } = withSession(10)
  const slots = [0, 1, 2].map(now => table.take(session, now, now, now, -1))
  table.renew(slots[0] as number, 5)
  expect([...table.positions()]).toEqual([1, 2, 0])
  expect([table.first(session), table.nextExpiry()]).toEqual([slots[1], 11])
  table.end(slots[1] as number)
  expect([table.nextExpiry(), table.mayExpire(11), table.mayExpire(12)]).toEqual([12, false, true])
})

it('does not give out the tokens of a slot again after a session stood in it', () => {
  const { table, session } = withSession(10)
  const slot = table.take(session, 0, 0, 0, -1)
  const token = table.token(slot)
  table.end(slot)
  table.close(table.open(2, 10))
  const again = table.take(session, 0, 0, 0, -1)
  expect(again).toBe(slot)
  expect(table.token(again)).not.toBe(token)
})

it('takes as many as it says that there is room for, refuses the next one, and goes on when one has ended', () => {
  const { table, session } = withSession(10)
  const { room } = table
  for (let position = 0; position < room; position++) table.take(session, 0, position, position, -1)
  expect([table.size, table.room]).toEqual([2 ** 22 - 1, 0])
  expect(() => table.take(session, 0, room, room, -1)).toThrow('at most 4194304 leases and sessions')
  expect(() => table.open(1, 10)).toThrow(RangeError)
  table.end(table.first(session))
  const slot = table.take(session, 0, room, room, -1)
  expect(table.positionOf(table.token(slot))).toBe(room)
})
