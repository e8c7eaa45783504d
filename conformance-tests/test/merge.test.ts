import { expect, test } from 'vitest'
import { checkHistory } from '../src/history/check-history.js'
import { History } from '../src/history/history.js'
import { EXACT } from './checks/story.js'

test('histories of several processes become one, in the order of time, with numbers of their own', () => {
  let now = 0
  const here = new History({ monotonic: () => now })
  const there = new History({ monotonic: () => now })
  const parts = { topic: 'orders', subscription: 'billing' }
  const message = { id: 'm1', digest: 'd', key: undefined, priority: 0, losses: 0, marks: 0, attempt: 1 }
  const deliver = (history: History, process: string, delivery: number) => {
    history.add(process, { kind: 'open', source: 1, ...parts, lease: 1_000, window: 1, consumer: undefined })
    const asked = history.add(process, { kind: 'pull', source: 1, max: 1 })
    history.add(process, { kind: 'deliver', source: 1, delivery, asked, ...parts, ...message })
  }
  here.add('p1', { kind: 'publish', topic: 'orders', batch: 1, index: 0, delay: 0, ...message })
  here.add('p1', { kind: 'published', topic: 'orders', batch: 1, id: 'm1', result: 'stored' })
  now = 1
  deliver(there, 'p2', 2)
  now = 2
  there.add('p2', { kind: 'settle', delivery: 2, as: 'release' })
  there.add('p2', { kind: 'settled', delivery: 2, as: 'release', result: 'done' })
  now = 3
  deliver(here, 'p1', 2)
  for (const event of there.events) here.absorb('p2', event)
  const { whole } = here
  expect(whole.map(({ at }) => at)).toEqual(whole.map((_, index) => index))
  expect(whole.map(({ time }) => time)).toEqual([0, 0, 1, 1, 1, 2, 2, 3, 3, 3])
  const deliveries = whole.flatMap(event => (event.kind === 'deliver' ? [event] : []))
  expect(deliveries.map(({ asked, at }) => at - asked)).toEqual([1, 1])
  expect(new Set(deliveries.map(({ delivery }) => delivery)).size).toBe(2)
  expect(checkHistory(whole, EXACT)).toEqual([])
  expect(here.events.length).toBe(5)
})
