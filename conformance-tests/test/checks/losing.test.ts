import { describe, expect, test } from 'vitest'
import { Story } from './story.js'

/** A story that has declared its subscription, and published these. */
function published(...ids: readonly string[]): Story {
  const story = new Story()
  story.declare()
  story.publish(ids)
  return story
}

describe('lost', () => {
  test('clean: acked, dead, waiting, in doubt, delayed, discarded, removed, redriven', () => {
    const story = published('acked', 'dead', 'waiting', 'doubt', 'discarded', 'redriven')
    story.publish('later', { delay: 1_000 })
    story.publish('failed', { result: 'definite' })
    story.publish('unknown', { result: 'unknown' })
    story.settle(story.deliver('acked'))
    story.settle(story.deliver('dead'), 'reject')
    story.settle(story.deliver('doubt'), 'ack', 'unknown')
    story.settle(story.deliver('discarded'), 'reject')
    story.discard(['discarded'])
    story.settle(story.deliver('redriven'), 'reject')
    story.redrive(['redriven'])
    story.audit({ left: ['waiting', 'redriven'], dead: ['dead'] })
    expect(story.judge()).toEqual([])
  })

  test('never handed out', () => {
    const story = published('m1', 'm2')
    story.settle(story.deliver('m1'))
    story.audit()
    expect(story.judge()).toEqual([
      'lost: orders/billing: message m2 was stored, and is lost: neither acked nor dead nor waiting (handed out 0 times).',
    ])
  })

  test('clean: past its retention before there was a subscription', () => {
    const story = new Story()
    story.publish('m1')
    story.now = 1_000
    story.publish('m2')
    story.now = 1_500
    story.declare({ retention: { age: 1_500 } })
    story.audit({ left: ['m2'] })
    expect(story.judge()).toEqual([])
  })

  test('kept for whoever comes: within its retention, and what was there to be handled when that ended', () => {
    const late = new Story()
    late.publish(['m1', 'm2'])
    late.now = 1_499
    late.declare({ retention: { age: 1_500 } })
    late.audit({ left: ['m2'] })
    const early = new Story()
    early.declare({ retention: { age: 1_500, bytes: 1 } })
    early.publish('m1')
    early.now = 10_000
    early.audit()
    for (const story of [late, early])
      expect(story.judge()).toEqual([expect.stringMatching(/message m1 was stored, and is/)])
  })

  test('lost with its consumer, after a retry, after a release, by a stale ack', () => {
    const story = published('m1', 'm2', 'm3', 'm4')
    story.deliver('m1')
    story.settle(story.deliver('m2'), 'retry')
    story.settle(story.deliver('m3'), 'release')
    story.settle(story.deliver('m4'), 'ack', 'stale')
    story.end()
    story.now = 100_000
    story.audit()
    expect(story.judge().map(line => /message (\w+)/.exec(line)?.[1])).toEqual(['m1', 'm2', 'm3', 'm4'])
  })

  test('a dead letter that is not there, and one that a redrive has lost', () => {
    const story = published('m1', 'm2')
    story.settle(story.deliver('m1'), 'reject')
    story.settle(story.deliver('m2'), 'reject')
    story.redrive(['m2'])
    story.audit()
    expect(story.judge()).toEqual([
      'lost: orders/billing: message m1 was dead-lettered, and there is no dead letter of it.',
      expect.stringMatching(/message m2 was stored, and is lost/),
    ])
  })

  test('a settlement that failed may have taken effect: an ack is one, a reject leaves a dead letter or the message', () => {
    const story = published('acked', 'dead', 'back', 'gone')
    story.settle(story.deliver('acked'), 'ack', 'failed')
    for (const id of ['dead', 'back', 'gone']) story.settle(story.deliver(id), 'reject', 'failed')
    story.end()
    story.audit({ dead: ['dead'], left: ['back'] })
    expect(story.judge()).toEqual([expect.stringMatching(/^lost: .*message gone was stored, and is lost/)])
  })

  test('what was only acknowledged by a receipt counts as stored', () => {
    const story = new Story()
    story.declare()
    story.publish('m1', { result: 'unknown' })
    story.publish('m1', { result: 'duplicate' })
    story.receipt('m1')
    story.audit()
    expect(story.judge()).toEqual([expect.stringMatching(/^lost: .*m1/)])
  })

  test('nothing is said without a complete audit, of a removed subscription, or of one that began later', () => {
    const story = published('m1')
    expect(story.judge()).toEqual([])
    story.audit({ complete: false })
    expect(story.judge()).toEqual([])
    const late = new Story()
    late.publish('m1')
    late.declare({ from: 'latest' })
    late.audit()
    expect(late.judge()).toEqual([])
    const removed = published('m1')
    removed.remove()
    removed.audit()
    expect(removed.judge()).toEqual([])
  })
})

describe('unsent', () => {
  test('clean: a receipt for what is stored', () => {
    const story = published('m1')
    story.receipt('m1')
    expect(story.judge()).toEqual([])
  })

  test('a receipt for what was never sent, or failed, or is not yet answered', () => {
    for (const result of ['definite', 'unknown', undefined] as const) {
      const story = new Story()
      story.publish('m1', { result })
      story.receipt('m1')
      expect(story.judge()).toEqual([expect.stringMatching(/^unsent: orders: the receipt of m1/)])
    }
    const story = new Story()
    story.receipt('m1')
    expect(story.judge()).toEqual([expect.stringMatching(/^unsent/)])
  })
})

describe('invented', () => {
  test('clean: handed out while its publish is under way, or in doubt', () => {
    const story = new Story()
    story.publish('m1', { result: undefined })
    story.publish('m2', { result: 'unknown' })
    story.deliver('m1')
    story.deliver('m2')
    expect(story.judge()).toEqual([])
  })

  test('handed out without a publish, before it, or although it has failed', () => {
    const story = new Story()
    story.deliver('m1')
    story.publish('m1')
    story.deliver('m2')
    story.publish('m3', { result: 'definite' })
    story.deliver('m3')
    expect(story.judge()).toEqual([
      'invented: orders/billing: message m1 was handed out, and nobody had published it.',
      'invented: orders/billing: message m2 was handed out, and nobody had published it.',
      'invented: orders/billing: message m3 was handed out, although its publish had definitely failed.',
    ])
  })
})

describe('altered', () => {
  test('clean: one of several of the same id', () => {
    const story = new Story()
    story.publish('m1', { digest: 'a' })
    story.publish('m1', { digest: 'b', result: 'duplicate' })
    story.deliver('m1', { digest: 'a' })
    expect(story.judge()).toEqual([])
  })

  test('another digest, at once or on a later attempt', () => {
    const story = published('m1', 'm2')
    story.deliver('m1', { digest: 'other' })
    story.settle(story.deliver('m2'), 'retry')
    story.deliver('m2', { digest: 'other', attempt: 2 })
    expect(story.judge()).toEqual([
      expect.stringMatching(/^altered: .*m1 was altered: what was handed out is not/),
      expect.stringMatching(/^altered: .*m2 was altered: what was handed out on attempt 2 is not/),
    ])
  })
})
