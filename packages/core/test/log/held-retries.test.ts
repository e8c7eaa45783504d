import { HeldRetries } from '@pluribus/core/driver'
import { expect, test } from 'vitest'
import { model } from './model.js'

test('held retries come back when due, in the order of becoming due, equals in the order in which they failed', () => {
  const weights = { hold: 20, pass: 14, remove: 2 } as const
  const world = (count: (name: string) => void) => {
    const held = new HeldRetries<{ id: number; due: number }>()
    let reference: { id: number; due: number }[] = []
    let now = 0
    let next = 0
    const commands = {
      hold: (n: number) => {
        const item = { id: next++, due: now + (n % 50) }
        reference.push(item)
        held.hold(item, item.due)
        count('held')
      },
      pass: (n: number) => {
        now += n % 30
        const due = reference.filter(item => item.due <= now).sort((a, b) => a.due - b.due || a.id - b.id)
        reference = reference.filter(item => item.due > now)
        expect(held.release(now)).toEqual(due)
        count(due.length === 0 ? 'none due' : due.length === 1 ? 'one due' : 'several due')
      },
      remove: (n: number) => {
        const gone = reference.filter(item => item.id % 3 === n % 3)
        reference = reference.filter(item => item.id % 3 !== n % 3)
        expect(held.remove(item => item.id % 3 === n % 3).length).toBe(gone.length)
        if (gone.length > 0) count('removed')
      },
    }
    return (command: keyof typeof weights, n: number) => {
      commands[command](n)
      expect(held.size).toBe(reference.length)
      expect(held.nextDue).toBe(Math.min(Number.POSITIVE_INFINITY, ...reference.map(item => item.due)))
    }
  }
  model('held retries', weights, world, ['held', 'none due', 'one due', 'several due', 'removed'])
})
