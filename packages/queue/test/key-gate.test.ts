import { expect, it } from 'vitest'
import { KeyGate } from '../src/key-gate.js'
import { randomFrom } from './random.js'

it('lets one of a key through at a time, in the order of parking, and forgets a key that nobody holds', () => {
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
  expect(gates.size).toBe(taken.size)
  expect(gates.parked).toBe(parked.length)
  expect([...gates.positions()].sort((a, b) => a - b)).toEqual(parked.sort((a, b) => a - b))
})

it('holds thousands of keys at once', () => {
  const gates = new KeyGate()
  const all = Array.from({ length: 5000 }, (_, index) => gates.enter(`key-${index}`))
  expect(new Set(all).size).toBe(5000)
  expect(all.map(gate => gates.leave(gate))).toEqual(all.map(() => false))
  expect(gates.size).toBe(0)
})
