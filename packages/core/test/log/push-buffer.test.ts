import { PushBuffer, ReorderWindow } from '@pluribus/core/driver'
import { expect, test } from 'vitest'
import { model, pick } from './model.js'

interface Item {
  readonly id: number
  readonly priority: number
  readonly alone: boolean
  readonly place: number
}

const DISCIPLINES = ['fifo', 'lifo', 'priority'] as const

/** The naive one: a sorted array, and a demand. */
class Reference {
  items: Item[] = []
  wanted = 0
  until = Number.POSITIVE_INFINITY
  isPaused = false

  sort(kind: (typeof DISCIPLINES)[number]): void {
    this.items.sort((a, b) => {
      if (kind === 'lifo') return b.place - a.place
      if (kind === 'priority' && a.priority !== b.priority) return b.priority - a.priority
      return a.place - b.place
    })
  }

  take(most: number): { items: Item[]; more: boolean } {
    const items: Item[] = []
    let more = false
    while (items.length < most && this.items.length > 0 && !more) {
      more = this.items[0]?.alone === true
      if (more && items.length > 0) break
      items.push(this.items.shift() as Item)
    }
    this.wanted = more ? 0 : most - items.length
    return { items, more }
  }
}

test('buffer and window do what a sorted list does: nothing dropped, woken once, paused and resumed', () => {
  const weights = { push: 26, rouse: 16, putBack: 6, take: 14, withdraw: 2, remove: 2, due: 30, flow: 14 } as const
  const transitions = ['wake', 'asleep', 'filled', 'short', 'alone', 'pause', 'resume', 'removed', 'due-wake', 'back']
  const world = (count: (name: string) => void, first: number) => {
    const kind = pick(DISCIPLINES, first) as (typeof DISCIPLINES)[number]
    const levels = kind === 'priority' ? 3 : 1
    const capacity = 1 + (first % 7)
    const window = new ReorderWindow<Item>({ kind, levels, atLeast: 'windowed' })
    const buffer = new PushBuffer(window, capacity)
    const reference = new Reference()
    const out: Item[] = []
    let next = 0
    const push = (item: Item) => {
      reference.items.push(item)
      reference.sort(kind)
      buffer.push(item, item.place)
    }
    const commands = {
      push: (n: number) => push({ id: next, priority: n % 3, alone: n % 11 === 0, place: next++ }),
      putBack: (n: number) => {
        const item = pick(out, n)
        if (item === undefined) return
        out.splice(out.indexOf(item), 1)
        count('back')
        push(item)
      },
      rouse: () => {
        const wakes = reference.wanted > 0 && reference.items.length > 0
        if (wakes) reference.wanted = 0
        expect(buffer.rouse()).toBe(wakes)
        count(wakes ? 'wake' : 'asleep')
      },
      take: (n: number) => {
        const most = 1 + (n % 5)
        const expected = reference.take(most)
        reference.until = n
        expect(buffer.take(most, n, item => item.alone)).toEqual(expected)
        out.push(...expected.items)
        count(expected.more ? 'alone' : expected.items.length === most ? 'filled' : 'short')
      },
      withdraw: () => {
        reference.take(0)
        expect(buffer.take(0).items).toEqual([])
      },
      remove: (n: number) => {
        const isGone = (item: Item) => item.id % 4 === n % 4
        const gone = reference.items.filter(isGone)
        reference.items = reference.items.filter(item => !isGone(item))
        const removed = buffer.remove(isGone)
        expect([...removed].sort((a, b) => a.id - b.id)).toEqual([...gone].sort((a, b) => a.id - b.id))
        if (gone.length > 0) count('removed')
      },
      due: (n: number) => {
        const time = n % 0x7fff
        const wakes = reference.wanted > 0 && time < reference.until
        if (wakes) reference.wanted = 0
        expect(buffer.due(time)).toBe(wakes)
        if (wakes) count('due-wake')
      },
      flow: () => {
        const { length } = reference.items
        const before = reference.isPaused
        reference.isPaused = before ? length > capacity / 2 : length >= capacity
        const changed = reference.isPaused === before ? undefined : reference.isPaused ? 'pause' : 'resume'
        expect(buffer.flow()).toBe(changed)
        if (changed !== undefined) count(changed)
      },
    }
    return (command: keyof typeof weights, n: number) => {
      commands[command](n)
      expect(buffer.size).toBe(reference.items.length)
      expect(buffer.wanted).toBe(reference.wanted)
      expect(window.first).toBe(reference.items[0])
    }
  }
  model('push buffer over a reorder window', weights, world, transitions)
})
