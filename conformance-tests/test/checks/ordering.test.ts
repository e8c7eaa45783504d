import { describe, expect, test } from 'vitest'
import { LEASE, Story } from './story.js'

function declared(changes: Parameters<Story['declare']>[0] = {}): Story {
  const story = new Story()
  story.declare(changes)
  return story
}

describe('publishOrder', () => {
  test('clean: in order; concurrent publishers, other disciplines, partitions, keys, delays and retries are free', () => {
    const story = declared()
    story.publish(['m1', 'm2'])
    story.publish('a1', { process: 'other', result: undefined })
    story.publish('m3', { delay: 500 })
    story.publish('m4', { key: 'k' })
    story.publish('m5')
    story.settle(story.deliver('m1'), 'retry')
    for (const id of ['m2', 'm5', 'a1']) story.settle(story.deliver(id))
    story.settle(story.deliver('m4', { key: 'k' }))
    story.deliver('m1', { attempt: 2 })
    story.deliver('m3')
    expect(story.judge()).toEqual([])
    for (const changes of [{ order: 'lifo' }, { order: 'priority' }, { partitions: 3 }] as const) {
      const free = declared(changes)
      free.publish(['m1', 'm2'])
      free.deliver('m2')
      free.deliver('m1')
      expect(free.judge()).toEqual([])
    }
  })

  test('clean: another source, and what an unanswered pull had taken', () => {
    const story = declared()
    story.publish(['m1', 'm2', 'm3'])
    story.deliver('m2', {}, 'p1')
    story.deliver('m1', {}, 'p2')
    story.end('p2', 'lost', true)
    story.deliver('m3', {}, 'p3')
    expect(story.judge()).toEqual([])
  })

  test('what was published after the next source had come is ordered again', () => {
    const story = declared()
    story.publish('m1')
    story.deliver('m1')
    story.end('p1', 'lost', true)
    story.now += 1
    story.replace()
    story.now += 1
    story.publish(['m2', 'm3'])
    story.deliver('m3')
    story.deliver('m2')
    const swapped = 'publishOrder: orders/billing: message m2 came after m3, before which it had been published.'
    expect(story.judge()).toEqual([swapped])
  })

  test('without a next source, what an unanswered pull may have taken is free for a lease', () => {
    const inversionAfter = (ms: number) => {
      const story = declared()
      story.publish('m1')
      story.deliver('m1', {}, 'p2')
      story.died('p2')
      story.now += ms
      story.publish(['m2', 'm3'])
      story.deliver('m3')
      story.deliver('m2')
      return story.judge().length
    }
    expect([inversionAfter(LEASE), inversionAfter(LEASE + 1)]).toEqual([0, 1])
  })

  test.each<[string, (story: Story) => void]>([
    ['two of a batch', story => story.publish(['m1', 'm2'])],
    [
      'two batches of one process that nobody awaited',
      story => {
        story.publish('m1', { result: undefined })
        story.publish('m2')
      },
    ],
    [
      'two processes, one after the other',
      story => {
        story.publish('m1', { process: 'first' })
        story.publish('m2', { process: 'second' })
      },
    ],
  ])('swapped: %s', (_, publishes) => {
    const story = declared()
    publishes(story)
    story.deliver('m2')
    story.deliver('m1')
    const found = story.judge()
    // A message whose publish is still under way when it comes has no place yet that could be proved.
    const isOpen = story.events.filter(({ kind }) => kind === 'published').length < 2
    expect(found).toEqual(
      isOpen ? [] : ['publishOrder: orders/billing: message m1 came after m2, before which it had been published.'],
    )
  })

  test('what a source that is over may have fetched comes late, where the broker hands out by itself', () => {
    const story = declared()
    story.deliver('m0', {}, 'p2')
    story.publish(['m1', 'm2'])
    story.deliver('m2')
    story.end('p2')
    story.deliver('m1')
    const inverted = 'publishOrder: orders/billing: message m1 came after m2, before which it had been published.'
    expect(story.judge({ fencing: 'local' })).not.toContain(inverted)
    const lost = declared()
    lost.deliver('m0', {}, 'p2')
    lost.end('p2', 'lost')
    lost.publish(['m1', 'm2'])
    lost.deliver('m2')
    lost.deliver('m1')
    expect(lost.judge({ fencing: 'local' })).not.toContain(inverted)
    const open = declared()
    open.deliver('m0', {}, 'p2')
    open.publish(['m1', 'm2'])
    open.deliver('m2')
    open.deliver('m1')
    expect(open.judge({ fencing: 'local' })).toContain(inverted)
  })

  test('what was stored when a source that is over had pulled for the last time comes late: it may have been fetched', () => {
    const inverted = 'publishOrder: orders/billing: message m1 came after m2, before which it had been published.'
    const after = declared()
    after.deliver('m0', {}, 'p2')
    after.publish(['m1', 'm2'])
    after.deliver('m2')
    after.end('p2')
    after.deliver('m1')
    expect(after.judge()).not.toContain(inverted)
    const before = declared()
    before.publish(['m1', 'm2'])
    before.deliver('m0', {}, 'p2')
    before.deliver('m2')
    before.end('p2')
    before.deliver('m1')
    expect(before.judge()).toContain(inverted)
    const goesOn = declared()
    goesOn.deliver('m0', {}, 'p2')
    goesOn.publish(['m1', 'm2'])
    goesOn.deliver('m2')
    goesOn.deliver('m1')
    goesOn.end('p2')
    expect(goesOn.judge()).toContain(inverted)
  })

  test('what went back with a lost lease, or because of a suspect, comes late, where the broker hands out by itself', () => {
    const inverted = 'publishOrder: orders/billing: message m1 came after m2, before which it had been published.'
    const lapsed = declared()
    const held = lapsed.deliver('m0', {}, 'p2')
    lapsed.publish(['m1', 'm2'])
    lapsed.deliver('m2')
    lapsed.lost(held)
    lapsed.deliver('m1')
    expect(lapsed.judge()).toContain(inverted)
    expect(lapsed.judge({ fencing: 'local' })).not.toContain(inverted)
    const before = declared()
    before.lost(before.deliver('m0', {}, 'p2'))
    before.publish(['m1', 'm2'])
    before.deliver('m2')
    before.deliver('m1')
    expect(before.judge({ fencing: 'local' })).toContain(inverted)
    for (const process of ['p1', 'p2']) {
      const suspected = declared()
      suspected.publish(['m1', 'm2'])
      suspected.deliver('m0', { losses: 2 }, process)
      suspected.deliver('m2')
      suspected.deliver('m1')
      expect(suspected.judge()).toContain(inverted)
      expect(suspected.judge({ fencing: 'local' }).includes(inverted)).toBe(process === 'p1')
    }
  })

  test('one in the middle of many', () => {
    const ids = Array.from({ length: 300 }, (_, n) => `m${n}`)
    const story = declared()
    story.publish(ids)
    const [a, b] = ids.splice(140, 2)
    for (const id of [...ids.slice(0, 140), b, a, ...ids.slice(140)]) story.settle(story.deliver(id as string))
    expect(story.judge()).toEqual([
      'publishOrder: orders/billing: message m140 came after m141, before which it had been published.',
    ])
  })
})

describe('keyOrder', () => {
  const key = 'k'

  test('clean: one after the other, through retries and death; other keys pass', () => {
    const story = declared()
    story.publish(['m1', 'm2', 'm3'], { key })
    story.publish('x1', { key: 'x' })
    story.settle(story.deliver('m1', { key }), 'retry')
    story.settle(story.deliver('x1', { key: 'x' }))
    story.settle(story.deliver('m1', { key, attempt: 2 }), 'reject')
    story.settle(story.deliver('m2', { key }), 'ack', 'unknown')
    story.end('p1', 'lost')
    story.settle(story.deliver('m3', { key }))
    expect(story.judge()).toEqual([])
  })

  test.each<[string, (story: Story) => void, string]>([
    [
      'while the one before waits for its retry',
      story => story.settle(story.deliver('m1', { key }), 'retry'),
      'not been finished',
    ],
    ['while the one before is held', story => story.deliver('m1', { key }), 'not been finished'],
    [
      'while the one before was given back',
      story => story.settle(story.deliver('m1', { key }), 'release'),
      'not been finished',
    ],
    ['before the one before was handed out', () => {}, 'not been handed out'],
  ])('handed out %s', (_, happens, state) => {
    const story = declared()
    story.publish(['m1', 'm2'], { key })
    happens(story)
    story.deliver('m2', { key })
    expect(story.judge()).toEqual([
      `keyOrder: orders/billing: message m2 of key "k" was handed out while m1, published before it, had ${state}.`,
    ])
  })

  test('a subscription that began later knows nothing of what was before', () => {
    const story = new Story()
    story.publish('m1', { key })
    story.declare({ from: 'latest' })
    story.publish('m2', { key })
    story.deliver('m2', { key })
    expect(story.judge()).toEqual([])
  })

  test('what was trimmed does not come, and holds up nobody', () => {
    const story = declared()
    story.publish('m1', { key })
    story.trim()
    story.publish(['m2', 'm3'], { key })
    const delivery = story.deliver('m2', { key })
    expect(story.judge()).toEqual([])
    story.deliver('m3', { key })
    story.settle(delivery)
    expect(story.judge()).toEqual([expect.stringMatching(/^keyOrder: .* m3 .* while m2/)])
  })

  test('where there are no keys, there is no order of them', () => {
    const story = declared()
    story.publish(['m1', 'm2'], { key })
    story.deliver('m2', { key })
    expect(story.judge({ keys: 'none' })).toEqual([])
  })
})
