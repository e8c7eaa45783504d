import { describe, expect, test } from 'vitest'
import { delaysIn } from '../../campaign/episode.ts'
import { figuresOf } from '../../campaign/figures.ts'
import { Story } from './story.ts'

const OUTAGE = { began: 1_000, struck: 1_100, over: 2_000 }
/** One message before the outage, one after it, and what happens in between. */
function figures(happens: (story: Story) => void, victim?: string) {
  const story = new Story()
  story.declare('billing')
  story.stored(10, 'first')
  story.acked(30, story.run(20, 'first'))
  happens(story)
  story.stored(2_100, 'new')
  story.acked(2_250, story.run(2_200, 'new'))
  story.events.sort((a, b) => a.time - b.time)
  return figuresOf(story.events, victim === undefined ? OUTAGE : { ...OUTAGE, victim }, [
    { process: 'p1', since: 2_050 },
  ])
}

describe('what the history of an outage shows', () => {
  test('nothing in flight: how long it was, and when new messages flowed', () => {
    expect(figures(() => {})).toEqual({
      ...{ down: 1_000, held: 0, stored: 2, inDoubt: 0, failed: 0, handedOut: 2, again: 0 },
      ...{ led: undefined, flow: 200, awake: 150, inFlight: 0, back: 0, missing: [] },
    })
  })

  test('a message that was sent before the return is none that is new', () => {
    const found = figures(story => {
      story.stored(1_900, 'early')
      story.acked(2_060, story.run(2_050, 'early'))
    })
    expect(found.flow).toBe(200)
  })

  test('a subscription in which nothing new runs does not flow', () => {
    const found = figures(story => {
      story.declare('shipping')
    })
    expect(found.flow).toBeUndefined()
  })

  test('a consumer that runs nothing more has not come back, whatever the others do', () => {
    const story = new Story()
    story.declare('billing')
    story.stored(2_100, 'new')
    story.acked(2_250, story.run(2_200, 'new'))
    const since = 2_000
    const consumers = (...processes: string[]) => processes.map(process => ({ process, since }))
    expect(figuresOf(story.events, OUTAGE, consumers('p1')).awake).toBe(200)
    expect(figuresOf(story.events, OUTAGE, consumers('p1', 'p2')).awake).toBeUndefined()
  })

  test('what was held through the blow, and came back', () => {
    const found = figures(story => {
      story.stored(900, 'm')
      story.run(950, 'm')
      story.acked(3_600, story.run(3_500, 'm', 'p2'))
    })
    expect(found).toMatchObject({ held: 1, inFlight: 1, back: 1_500, missing: [], again: 1, handedOut: 4 })
  })

  test('what the victim alone held', () => {
    const happens = (story: Story) => {
      for (const [id, process] of [
        ['m1', 'p1'],
        ['m2', 'p2'],
      ] as const) {
        story.stored(900, id)
        story.acked(2_500, story.run(950, id, process))
      }
    }
    expect([figures(happens).held, figures(happens, 'p2').held]).toEqual([2, 1])
  })

  test('settled before the blow has taken effect: nobody held it', () => {
    const found = figures(story => {
      story.stored(900, 'm')
      story.acked(1_050, story.run(950, 'm'))
    })
    expect(found).toMatchObject({ held: 0, inFlight: 0 })
  })

  test('stored and never seen again: missing', () => {
    const found = figures(story => {
      story.stored(900, 'm')
      story.run(950, 'm')
      story.stored(960, 'never')
    })
    expect(found).toMatchObject({ inFlight: 2, missing: ['billing/m', 'billing/never'] })
  })

  test('an ack whose answer was lost may have counted: gone is gone, and what comes again is measured', () => {
    const doubtful = (story: Story) => {
      story.stored(900, 'm')
      story.settle(990, story.run(950, 'm'))
    }
    expect(figures(doubtful)).toMatchObject({ held: 1, inFlight: 0, missing: [] })
    const found = figures(story => {
      doubtful(story)
      story.run(2_700, 'm')
    })
    expect(found).toMatchObject({ held: 1, inFlight: 1, back: 700, missing: [] })
  })

  test('whoever slept hears late that its ack had counted', () => {
    const found = figures(story => {
      story.stored(900, 'm')
      const delivery = story.run(950, 'm')
      story.settle(990, delivery)
      story.settled(7_000, delivery)
    })
    expect(found).toMatchObject({ held: 1, inFlight: 0, missing: [] })
  })

  test('what was handled is not missed because somebody who slept read an older hand-over of it', () => {
    const found = figures(story => {
      story.stored(900, 'm')
      story.acked(960, story.run(950, 'm', 'p2'))
      story.run(1_500, 'm')
    })
    expect(found).toMatchObject({ inFlight: 0, missing: [] })
  })

  test('an ack that was stale has ended nothing', () => {
    const found = figures(story => {
      story.stored(900, 'm')
      const delivery = story.run(950, 'm')
      story.settle(990, delivery)
      story.settled(2_300, delivery, 'ack', 'stale')
    })
    expect(found).toMatchObject({ inFlight: 1, missing: ['billing/m'] })
  })

  test('a retry is waited for until it is due', () => {
    const found = figures(story => {
      story.stored(900, 'm')
      const delivery = story.run(950, 'm')
      story.settle(960, delivery, 'retry', 2_000)
      story.settled(970, delivery, 'retry')
      story.acked(3_100, story.run(3_010, 'm', 'p1', 2))
    })
    expect(found).toMatchObject({ held: 0, inFlight: 1, back: 50, missing: [], again: 0 })
  })

  test('what a retry after the return makes due later does not hide that it came late', () => {
    const found = figures(story => {
      story.stored(900, 'm')
      story.run(950, 'm')
      story.settle(9_100, story.run(9_000, 'm'), 'retry', 8_000)
    })
    expect(found).toMatchObject({ back: 7_000 })
  })

  test('another leads when it has stored what was published under it', () => {
    const story = new Story()
    story.declare('billing')
    story.stored(1_050, 'early')
    const elected = { ...OUTAGE, electedWithin: 1_000 }
    expect(figuresOf(story.events, elected, []).led).toBeUndefined()
    story.published(2_010, 'doubtful', 'unknown')
    story.published(2_020, 'm')
    expect(figuresOf(story.events, elected, []).led).toBe(1_021)
    expect(figuresOf(story.events, OUTAGE, []).led).toBeUndefined()
  })

  test('each of several blows has its own numbers of messages', () => {
    const story = new Story()
    story.declare('billing')
    for (const [time, id] of [
      [10, 'a'],
      [3_010, 'b'],
      [3_020, 'c'],
    ] as const) {
      story.stored(time, id)
      story.run(time + 1, id)
      story.run(time + 2, id)
    }
    const first = figuresOf(story.events, OUTAGE, [], { since: 0, from: 0, until: 3_000 })
    expect(first).toMatchObject({ stored: 1, handedOut: 2, again: 1 })
    const second = figuresOf(story.events, OUTAGE, [], {
      ...{ since: 2_000, from: 3_000, until: Number.POSITIVE_INFINITY },
    })
    expect(second).toMatchObject({ stored: 2, handedOut: 4, again: 2 })
    const later = { began: 3_100, struck: 3_200, over: 4_000 }
    const span = { since: 2_000, from: 3_100, until: Number.POSITIVE_INFINITY }
    expect(figuresOf(story.events, later, [], span).held).toBe(4)
  })

  test('what publishers were told', () => {
    const found = figures(story => {
      for (const result of ['unknown', 'definite', 'definite', 'duplicate'] as const)
        story.add(1_500, { kind: 'receipt', topic: 'orders', id: undefined, result })
    })
    expect(found).toMatchObject({ stored: 3, inDoubt: 1, failed: 2 })
  })
})

describe('delays', () => {
  const limits = { flow: 5_000, back: 8_000 }
  const well = { ...figures(() => {}), flow: 5_000, back: 8_000 }

  test('as promised', () => {
    expect(delaysIn(well, limits)).toEqual([])
  })

  test('beyond', () => {
    const late = { ...well, flow: 5_001, awake: 5_001, back: 8_001, missing: ['billing/m'] }
    expect(delaysIn(late, limits)).toEqual([
      'New messages flowed 5001 ms after the return: within 5000 ms is promised.',
      'The last consumer ran something after 5001 ms: within 5000 ms is promised.',
      'The last in flight was back 8001 ms after the return: within 8000 ms is promised.',
      '1 messages in flight were not seen again: billing/m',
    ])
    expect(delaysIn({ ...well, flow: undefined }, limits)).toHaveLength(1)
  })

  test('a leader that is replaced late, or by nobody', () => {
    expect(delaysIn({ ...well, led: 1_000 }, { ...limits, led: 1_000 })).toEqual([])
    expect(delaysIn({ ...well, led: 1_001 }, { ...limits, led: 1_000 })).toEqual([
      'Another process led 1001 ms after the blow: within 1000 ms is promised.',
    ])
    expect(delaysIn({ ...well, led: undefined }, { ...limits, led: 1_000 })).toHaveLength(1)
  })

  test('what is gone for good is not waited for', () => {
    expect(delaysIn({ ...well, back: 9_999, missing: ['billing/m'] }, { ...limits, back: undefined })).toEqual([])
  })
})
