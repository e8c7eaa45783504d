import { describe, expect, test } from 'vitest'
import { LEASE, Story } from './story.js'

function published(...ids: readonly string[]): Story {
  const story = new Story()
  story.declare()
  story.publish(ids)
  return story
}

describe('duplicated', () => {
  test.each<[string, (story: Story, delivery: number) => void]>([
    ['it was released', (story, delivery) => story.settle(delivery, 'release')],
    ['its ack is in doubt', (story, delivery) => story.settle(delivery, 'ack', 'unknown')],
    ['its ack was stale', (story, delivery) => story.settle(delivery, 'ack', 'stale')],
    ['it was taken away', (story, delivery) => story.lost(delivery)],
    ['its source was closed', story => story.end()],
    ['its connection was lost', story => story.end('p1', 'lost')],
    ['its process was killed', story => story.died('p1')],
    [
      'its lease was over',
      story => {
        story.now += LEASE
      },
    ],
    [
      'its subscription was removed and made anew',
      (story, delivery) => {
        story.settle(delivery)
        story.remove()
        story.declare()
      },
    ],
    [
      'it was dead-lettered and redriven',
      (story, delivery) => {
        story.settle(delivery, 'reject')
        story.redrive()
      },
    ],
    [
      'its subscription was removed and made anew',
      (story, delivery) => {
        story.settle(delivery)
        story.remove()
      },
    ],
  ])('clean: %s', (_, happens) => {
    const story = published('m1')
    happens(story, story.deliver('m1'))
    story.deliver('m1', {}, 'p2')
    expect(story.judge()).toEqual([])
  })

  test('clean: what came to a source after it was closed', () => {
    const story = published('m1', 'm2')
    story.settle(story.deliver('m1'))
    const opened = story.events.find(event => event.kind === 'open')
    story.end('p1', 'closed', true)
    story.deliver('m2', opened === undefined ? {} : { source: opened.source })
    story.deliver('m2', {}, 'p2')
    expect(story.judge()).toEqual([])
  })

  test('again after a confirmed ack, and after a confirmed reject', () => {
    for (const [as, what] of [
      ['ack', 'acked'],
      ['reject', 'dead-lettered'],
    ] as const) {
      const story = published('m1')
      story.settle(story.deliver('m1'), as)
      story.end()
      story.deliver('m1', {}, 'p2')
      expect(story.judge()).toEqual([
        `duplicated: orders/billing: message m1 was handed out again after it had been ${what}.`,
      ])
    }
  })

  test('a redrive of all that is dead brings back neither what was acked nor what is held', () => {
    const story = published('m1', 'm2')
    story.settle(story.deliver('m1'))
    story.deliver('m2')
    story.redrive()
    story.deliver('m1')
    story.deliver('m2', {}, 'p2')
    expect(story.judge()).toEqual([
      expect.stringMatching(/m1 was handed out again after it had been acked/),
      expect.stringMatching(/m2 was handed out to p2 while p1 held it/),
    ])
  })

  test('an ack that was only sent may be lost with its connection, and not without', () => {
    const lost = published('m1')
    lost.settle(lost.deliver('m1'))
    lost.end('p1', 'lost')
    lost.deliver('m1', {}, 'p2')
    expect(lost.judge({ settle: 'sent' })).toEqual([])
    const kept = published('m1')
    kept.settle(kept.deliver('m1'))
    kept.deliver('m1', {}, 'p2')
    expect(kept.judge({ settle: 'sent' })).toEqual([expect.stringMatching(/^duplicated/)])
  })

  test('an ack that was only sent may arrive when the lease is over: answered by then, or not', () => {
    const ackedAfter = (ms: number, promises: Parameters<Story['judge']>[0] = { settle: 'sent' }) => {
      const story = published('m1')
      const delivery = story.deliver('m1')
      story.now += ms
      story.settle(delivery)
      story.now = LEASE + 1
      story.deliver('m1', {}, 'p2')
      return story.judge(promises)
    }
    expect(ackedAfter(LEASE)).toEqual([])
    expect(ackedAfter(LEASE - 1)).toEqual([expect.stringMatching(/^duplicated/)])
    expect(ackedAfter(LEASE, { settle: 'stored' })).toEqual([expect.stringMatching(/^duplicated/)])
  })

  test('a process that slept sees late what it was handed before others had it', () => {
    const story = published('m1')
    const asked = story.pull('sleeper')
    story.now += LEASE
    story.settle(story.deliver('m1', { losses: 1 }), 'retry')
    const held = story.deliver('m1', { attempt: 2 })
    story.deliver('m1', { asked }, 'sleeper')
    story.settle(held)
    expect(story.judge()).toEqual([])
    // What was asked for just now is not late.
    story.deliver('m1', {}, 'sleeper')
    expect(story.judge()).toEqual([
      expect.stringMatching(/^duplicated: .* after it had been acked/),
      'attempts: orders/billing: message m1 came as attempt 1, where 2 was due.',
    ])
  })

  test('to another process while it is held, renewed leases included', () => {
    const story = published('m1')
    const delivery = story.deliver('m1')
    story.now += LEASE - 1
    story.renewed(delivery)
    story.now += LEASE - 1
    story.deliver('m1', {}, 'p2')
    expect(story.judge()).toEqual([
      'duplicated: orders/billing: message m1 was handed out to p2 while p1 held it, whose lease lasted 1 ms more.',
    ])
  })

  test('a process that was found dead held its messages until it was last heard of', () => {
    const story = published('m1')
    story.deliver('m1')
    story.deliver('m1', {}, 'p2')
    story.died('p1', false)
    expect(story.judge()).toEqual([])
    const killed = published('m1')
    killed.deliver('m1')
    killed.deliver('m1', {}, 'p2')
    killed.died('p1')
    expect(killed.judge()).toEqual([expect.stringMatching(/^duplicated: .* to p2 while p1 held it/)])
  })

  test('clean: it went over to the next source of its consumer', () => {
    const story = published('m1')
    story.deliver('m1')
    story.replace()
    story.deliver('m1')
    expect(story.judge()).toEqual([])
  })

  test('a retry in doubt may have left a copy beside the original, where a broker cannot settle in one step', () => {
    const story = published('m1')
    story.settle(story.deliver('m1'), 'retry', 'unknown')
    story.end('p1', 'lost')
    story.settle(story.deliver('m1'))
    story.settle(story.deliver('m1', { attempt: 2 }))
    expect(story.judge({ fencing: 'local' })).toEqual([])
    expect(story.judge().map(line => line.split(':')[0])).toEqual(['duplicated', 'attempts'])
  })

  test('two messages that were stored under one id are two', () => {
    const story = published('m1')
    story.publish('m1')
    story.settle(story.deliver('m1'))
    story.deliver('m1')
    expect(story.judge()).toEqual([])
  })
})

describe('attempts', () => {
  test('clean: a retry adds one; release, loss and a lease do not; a redrive starts afresh', () => {
    const story = published('m1')
    story.settle(story.deliver('m1'), 'retry')
    story.settle(story.deliver('m1', { attempt: 2 }), 'release')
    story.lost(story.deliver('m1', { attempt: 2 }))
    story.settle(story.deliver('m1', { attempt: 2 }), 'retry', 'unknown')
    story.settle(story.deliver('m1', { attempt: 3 }), 'retry', 'failed')
    story.settle(story.deliver('m1', { attempt: 3 }), 'reject')
    story.redrive()
    story.deliver('m1')
    expect(story.judge()).toEqual([])
  })

  test.each<[string, (story: Story) => void]>([
    ['attempt 0, where 1 was due', story => story.deliver('m1', { attempt: 0 })],
    ['attempt 2, where 1 was due', story => story.deliver('m1', { attempt: 2 })],
    [
      'attempt 1, where 2 was due',
      story => {
        story.settle(story.deliver('m1'), 'retry')
        story.deliver('m1')
      },
    ],
    [
      'attempt 2, where 1 was due',
      story => {
        story.settle(story.deliver('m1'), 'release')
        story.deliver('m1', { attempt: 2 })
      },
    ],
    [
      'attempt 2, where 1 was due',
      story => {
        story.settle(story.deliver('m1'), 'retry')
        story.settle(story.deliver('m1', { attempt: 2 }), 'reject')
        story.redrive()
        story.deliver('m1', { attempt: 2 })
      },
    ],
  ])('%s', (what, happens) => {
    const story = published('m1')
    happens(story)
    expect(story.judge()).toEqual([`attempts: orders/billing: message m1 came as ${what}.`])
  })

  test('where they live with their process, another one may count fewer, never more', () => {
    const count = (attempt: number, process: string) => {
      const story = published('m1')
      story.settle(story.deliver('m1'), 'retry')
      story.settle(story.deliver('m1', { attempt: 2 }), 'retry')
      story.deliver('m1', { attempt }, process)
      return story.judge({ attempts: 'process' }).length
    }
    expect([count(1, 'p2'), count(3, 'p2'), count(4, 'p2'), count(1, 'p1')]).toEqual([0, 0, 1, 1])
  })

  test('where they live with their process, so do they with its source: a later one may count fewer, never more', () => {
    const count = (attempt: number, where: 'process' | 'stored') => {
      const story = published('m1')
      story.settle(story.deliver('m1'), 'retry')
      story.end('p1', 'lost')
      story.deliver('m1', { attempt })
      return story.judge({ attempts: where }).length
    }
    expect([count(1, 'process'), count(2, 'process'), count(3, 'process'), count(1, 'stored')]).toEqual([0, 0, 1, 1])
  })
})

describe('overlapping', () => {
  test('clean: one after the other, other processes, other messages, after the signal', () => {
    const story = published('m1', 'm2')
    const first = story.run('m1')
    story.run('m2')
    story.run('m1', {}, 'p2')
    first.end()
    const second = story.run('m1')
    second.abort()
    story.run('m1')
    expect(story.judge()).toEqual([])
  })

  test('two of a message, because a retry in doubt has copied it, may run beside each other; others may not', () => {
    const story = published('m1', 'm2')
    story.settle(story.deliver('m1'), 'retry', 'unknown')
    for (const id of ['m1', 'm2']) {
      story.run(id)
      story.run(id)
    }
    const overlaps = (fencing: 'local' | 'exact') =>
      story.judge({ fencing }).filter(line => line.startsWith('overlapping'))
    expect([overlaps('local').length, overlaps('exact').length]).toEqual([1, 2])
  })

  test('two runs of one message, two of one key, in one process', () => {
    const story = published('m1', 'm2', 'm3')
    story.run('m1')
    story.run('m1')
    story.run('m2', { key: 'k' })
    story.run('m3', { key: 'k' })
    expect(story.judge()).toEqual([
      'overlapping: orders/billing: two runs of message m1 overlap in p1.',
      'overlapping: orders/billing: two runs of key "k" (m2, m3) overlap in p1.',
    ])
  })
})
