import { KeyGate } from '@pluribus/core/driver'
import { expect, test } from 'vitest'
import { model, pick } from './model.js'

test('the gate does what a list of lines does: one of each key goes, the others in the order in which they came', () => {
  const weights = { enter: 20, leave: 14, clear: 1 } as const
  const world = (count: (name: string) => void) => {
    const gate = new KeyGate<number>()
    let lines = new Map<string, number[]>()
    let next = 0
    const commands = {
      enter: (n: number) => {
        const key = `k${n % 5}`
        const line = lines.get(key) ?? []
        lines.set(key, line)
        line.push(next)
        expect(gate.enter(key, next++)).toBe(line.length === 1)
        count(line.length === 1 ? 'passed' : 'parked')
      },
      leave: (n: number) => {
        const key = pick([...lines.keys()], n)
        if (key === undefined) {
          expect(() => gate.leave('k0')).toThrow('Nothing of the key "k0" is under way')
          return count('refused')
        }
        const line = lines.get(key) as number[]
        line.shift()
        expect(gate.leave(key)).toBe(line[0])
        if (line.length === 0) lines.delete(key)
        count(line.length === 0 ? 'opened' : 'handed on')
      },
      clear: () => {
        gate.clear()
        lines = new Map()
        count('cleared')
      },
    }
    return (command: keyof typeof weights, n: number) => {
      commands[command](n)
      expect(gate.closed).toBe(lines.size)
      expect(gate.parked).toBe([...lines.values()].reduce((sum, line) => sum + line.length - 1, 0))
    }
  }
  model('key gate', weights, world, ['passed', 'parked', 'refused', 'opened', 'handed on', 'cleared'])
})
