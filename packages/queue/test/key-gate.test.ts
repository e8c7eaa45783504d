import { expect, it } from 'vitest'
import { KeyGate } from '../src/key-gate.js'
import { randomFrom } from './random.js'

it('lets one of a key through at a time, in the order of parking', () => {
  const gates = new KeyGate()
  const queues = new Map<string, number[]>()
  const taken = new Map<string, number>()
  const random = randomFrom(11)
  for (let step = 0; step < 100_000; step++) {
    const key = `key-${Math.floor(random() * 50)}`
    const gate = taken.get(key)
    if (gate === undefined) taken.set(key, gates.enter(key))
    else if (random() < (step < 50_000 ? 0.6 : 0.1)) {
      if (gates.enter(key) !== ~gate || gates.gateOf(key) !== gate) expect.unreachable(key)
      gates.park(gate, step, step * 2)
      queues.set(key, [...(queues.get(key) ?? []), step])
    } else {
      const next = queues.get(key)?.shift()
      if (gates.leave(gate) !== (next !== undefined)) expect.unreachable(`leave ${key}`)
      if (next === undefined) taken.delete(key)
      else if (gates.position !== next || gates.place !== next * 2) expect(gates.position).toBe(next)
    }
  }
  const parked = [...queues.values()].flat()
  expect(gates.size).toBe(50)
  expect(gates.parked).toBe(parked.length)
  expect([...gates.positions()].sort((a, b) => a - b)).toEqual(parked.sort((a, b) => a - b))
})

it('holds any number of keys, and remembers at most 4,096 that nobody holds, those freed last', () => {
  const gates = new KeyGate()
  const all = Array.from({ length: 10_000 }, (_, index) => gates.enter(`key-${index}`))
  expect(new Set(all).size).toBe(10_000)
  expect(gates.size).toBe(10_000)
  expect(all.map(gate => gates.leave(gate))).toEqual(all.map(() => false))
  expect(gates.size).toBe(4096)
  const remembered = gates.enter('key-9999')
  expect([remembered, gates.enter('key-9999'), gates.size]).toEqual([all[9999], ~remembered, 4096])
  gates.enter('key-0')
  expect(gates.size).toBe(4097)
})

it('does not forget a key that was taken again', () => {
  const gates = new KeyGate()
  gates.leave(gates.enter('taken'))
  const taken = gates.enter('taken')
  for (let index = 0; index < 10_000; index++) gates.leave(gates.enter(`key-${index}`))
  expect([gates.enter('taken'), gates.gateOf('taken'), gates.size]).toEqual([~taken, taken, 4097])
})
