import { describe, expect, test } from 'vitest'
import { Watch } from '../../campaign/watch.ts'
import { Story } from './story.ts'

/** What is known after these events, in the order in which they came. */
function watched(happens: (story: Story) => void, subscriptions = ['billing']): Watch {
  const story = new Story()
  happens(story)
  const watch = new Watch(subscriptions)
  for (const event of story.events) watch.read(event)
  return watch
}

describe('what is known of a running workload', () => {
  test('stored, and ended by every subscription', () => {
    const happens = (story: Story) => {
      story.stored(10, 'm')
      story.settle(20, story.run(15, 'm'))
    }
    expect(watched(happens).unfinished).toBe(0)
    expect(watched(happens, ['billing', 'shipping']).unfinished).toBe(1)
  })

  test('what was stored before a time, and is back', () => {
    const watch = watched(story => {
      story.stored(10, 'a')
      story.stored(20, 'b')
      story.settle(30, story.run(25, 'a'))
    })
    expect([watch.isBack(20), watch.isBack(22)]).toEqual([true, false])
  })

  test('an end that comes before the receipt counts, a retry does not', () => {
    const quick = watched(story => {
      story.settle(9, story.run(8, 'm'))
      story.stored(10, 'm')
    })
    expect(quick.unfinished).toBe(0)
    const retried = watched(story => {
      story.stored(10, 'm')
      story.settle(20, story.run(15, 'm'), 'retry')
    })
    expect(retried.unfinished).toBe(1)
  })

  test('a stale ack has ended nothing, unless somebody else has', () => {
    const stale = (story: Story) => {
      story.stored(10, 'm')
      const delivery = story.run(15, 'm')
      story.settle(20, delivery)
      return delivery
    }
    expect(watched(story => story.settled(30, stale(story), 'ack', 'stale')).unfinished).toBe(1)
    const handledElsewhere = watched(story => {
      const delivery = stale(story)
      story.acked(25, story.run(24, 'm', 'p2'))
      // The first one slept, and hears of it last.
      story.settled(30, delivery, 'ack', 'stale')
    })
    expect(handledElsewhere.unfinished).toBe(0)
  })

  test('an ack that failed may have counted, though it is stale when it is tried again', () => {
    const watch = watched(story => {
      story.stored(10, 'm')
      const delivery = story.run(15, 'm')
      story.settle(20, delivery)
      story.settled(30, delivery, 'ack', 'failed')
      story.settle(31, delivery)
      story.settled(32, delivery, 'ack', 'stale')
    })
    expect(watch.unfinished).toBe(0)
  })

  test('in hand is what a process was handed and has not answered, in whatever way', () => {
    const watch = watched(story => {
      const [first, second] = [story.run(10, 'a'), story.run(11, 'b')]
      story.run(12, 'c')
      story.run(13, 'd', 'p2')
      story.settle(20, first)
      story.settle(21, second, 'retry')
    })
    expect(watch.inHand('p1')).toBe(1)
    expect(watch.inHand('p2')).toBe(1)
    expect(watch.inHand('p3')).toBe(0)
  })

  test('new messages flow, and to whom', () => {
    const watch = watched(story => {
      story.stored(10, 'old')
      story.stored(30, 'new')
      story.run(31, 'old')
      story.run(32, 'new', 'p2')
    })
    expect([watch.isFlowing(20), watch.isFlowing(31)]).toEqual([true, false])
    expect([watch.isAtWork('p1', 20), watch.isAtWork('p1', 32), watch.isAtWork('p2', 32)]).toEqual([true, false, true])
    expect([watch.latestRun('p1'), watch.latestRun('p3')]).toEqual([31, 0])
  })

  test('what has not been answered', () => {
    const watch = watched(story => {
      story.stored(10, 'm')
      story.settle(20, story.run(15, 'm'))
    })
    expect([watch.unanswered('publish'), watch.unanswered('settle')]).toEqual([1, 1])
  })

  test('what is forgotten is not waited for', () => {
    const story = new Story()
    story.stored(10, 'm')
    const watch = new Watch(['billing'])
    for (const event of story.events) watch.read(event)
    watch.forget()
    expect(watch.unfinished).toBe(0)
  })
})
