import { VirtualClock } from '@pluribus/core/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

describe('time', () => {
  test('moves only when told, and starts where asked', async () => {
    const clock = new VirtualClock({ start: 1_000 })
    const real = performance.now()
    await clock.advance(86_400_000)
    expect([clock.now(), clock.monotonic()]).toEqual([86_401_000, 86_400_000])
    expect(performance.now() - real).toBeLessThan(5_000)
  })

  test('the wall clock can jump without the monotonic one or a timer noticing', async () => {
    const clock = new VirtualClock({ start: 0 })
    const fired: number[] = []
    clock.timers.setTimeout(() => fired.push(clock.monotonic()), 100)
    clock.jumpWall(-5_000)
    expect(clock.now()).toBe(-5_000)
    await clock.advance(99)
    expect(fired).toEqual([])
    await clock.advance(1)
    expect(fired).toEqual([100])
    expect(clock.now()).toBe(-4_900)
  })

  test('now() is whole even where time is not', async () => {
    const clock = new VirtualClock({ start: 0 })
    await clock.advance(1.75)
    expect([clock.now(), clock.monotonic()]).toEqual([1, 1.75])
  })

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('cannot be advanced by %d', async ms => {
    await expect(new VirtualClock().advance(ms)).rejects.toThrow(RangeError)
  })
})

describe('timers', () => {
  test('run in order of time, ties in order of creation, with the time that they were due', async () => {
    const clock = new VirtualClock()
    const ran: string[] = []
    const at = (name: string, ms: number) => clock.timers.setTimeout(() => ran.push(`${name}@${clock.monotonic()}`), ms)
    at('late', 30)
    at('tie-1', 10)
    at('tie-2', 10)
    at('now', 0)
    at('past', -5)
    await clock.advance(30)
    expect(ran).toEqual(['now@0', 'past@0', 'tie-1@10', 'tie-2@10', 'late@30'])
  })

  test('made on the way run on the way, those due later do not', async () => {
    const clock = new VirtualClock()
    const ran: string[] = []
    clock.timers.setTimeout(() => {
      ran.push('outer')
      clock.timers.setTimeout(() => ran.push('inner'), 5)
      clock.timers.setTimeout(() => ran.push('beyond'), 6)
    }, 10)
    await clock.advance(15)
    expect(ran).toEqual(['outer', 'inner'])
    expect(clock.monotonic()).toBe(15)
    expect(clock.pendingTimers).toBe(1)
  })

  test('can be cleared, also by another one that is due at the same time', async () => {
    const clock = new VirtualClock()
    const ran: string[] = []
    clock.timers.setTimeout(() => clock.timers.clearTimeout(second), 10)
    const second = clock.timers.setTimeout(() => ran.push('second'), 10)
    const third = clock.timers.setTimeout(() => ran.push('third'), 10)
    clock.timers.clearTimeout(third)
    clock.timers.clearTimeout(third)
    clock.timers.clearTimeout(undefined)
    await clock.advance(10)
    expect(ran).toEqual([])
    expect(clock.pendingTimers).toBe(0)
  })

  test('longer than a real one can hold call back early, as real ones have to', async () => {
    const clock = new VirtualClock()
    const fired: number[] = []
    clock.timers.setTimeout(() => fired.push(clock.monotonic()), Number.POSITIVE_INFINITY)
    await clock.advance(2_147_483_646)
    expect(fired).toEqual([])
    await clock.advance(1)
    expect(fired).toEqual([2_147_483_647])
  })

  test('take whole milliseconds, rounded up, and refuse NaN', async () => {
    const clock = new VirtualClock()
    const fired: number[] = []
    clock.timers.setTimeout(() => fired.push(clock.monotonic()), 0.000_1)
    await clock.advance(5)
    expect(fired).toEqual([1])
    expect(() => clock.timers.setTimeout(() => {}, Number.NaN)).toThrow(/NaN milliseconds: \(\) => \{/)
  })

  test('that throw reject the drive, and the clock can be driven on', async () => {
    const clock = new VirtualClock()
    const ran: string[] = []
    clock.timers.setTimeout(() => {
      throw new Error('boom')
    }, 5)
    clock.timers.setTimeout(() => ran.push('next'), 5)
    await expect(clock.advance(10)).rejects.toThrow('boom')
    expect(clock.monotonic()).toBe(5)
    await clock.advance(5)
    expect(ran).toEqual(['next'])
  })

  test('microtasks of one end before the next one runs', async () => {
    const clock = new VirtualClock()
    const ran: string[] = []
    clock.timers.setTimeout(async () => {
      for (let step = 0; step < 50; step++) await undefined
      ran.push('chain')
      process.nextTick(() => ran.push('tick'))
    }, 10)
    clock.timers.setTimeout(() => ran.push('next'), 10)
    await clock.advance(10)
    expect(ran).toEqual(['chain', 'tick', 'next'])
  })
})

describe('immediates', () => {
  test('run after the timer that made them and before the next, in order, also nested', async () => {
    const clock = new VirtualClock()
    const ran: string[] = []
    clock.timers.setTimeout(() => {
      clock.timers.setImmediate(() => {
        ran.push('first')
        clock.timers.setImmediate(() => ran.push('nested'))
        Promise.resolve().then(() => ran.push('microtask'))
      })
      clock.timers.setImmediate(() => ran.push('second'))
    }, 10)
    clock.timers.setTimeout(() => ran.push('timer'), 10)
    await clock.advance(10)
    expect(ran).toEqual(['first', 'microtask', 'second', 'nested', 'timer'])
  })

  test('run in settle(), which moves no time and runs no timer', async () => {
    const clock = new VirtualClock()
    const ran: string[] = []
    clock.timers.setTimeout(() => ran.push('due'), 0)
    clock.timers.setImmediate(() => ran.push('immediate'))
    const cleared = clock.timers.setImmediate(() => ran.push('cleared'))
    clock.timers.clearImmediate(cleared)
    expect(ran).toEqual([])
    await clock.settle()
    expect([ran, clock.monotonic(), clock.pendingTimers]).toEqual([['immediate'], 0, 1])
    await clock.advance(0)
    expect(ran).toEqual(['immediate', 'due'])
  })

  test('without end are a livelock, with an error that says so', async () => {
    const clock = new VirtualClock({ callbacksPerInstant: 500 })
    let rounds = 0
    const spin = () => {
      rounds++
      clock.timers.setImmediate(spin)
    }
    spin()
    await expect(clock.advance(10)).rejects.toThrow(/Livelock: 500 callbacks ran at 0 ms .*\srounds\+\+/s)
    expect(rounds).toBe(501)
  })

  test('are one too where each takes its time', async () => {
    const clock = new VirtualClock({ workPerInstant: 20 })
    const spin = () => {
      for (const start = performance.now(); performance.now() - start < 5; );
      clock.timers.setImmediate(spin)
    }
    spin()
    await expect(clock.advance(10)).rejects.toThrow(/Livelock: \d+ callbacks ran at 0 ms/)
  })

  test('are none where a process waits long for the processor', async () => {
    const clock = new VirtualClock({ workPerInstant: 20 })
    const lane = new Int32Array(new SharedArrayBuffer(4))
    let rounds = 0
    const stall = () => {
      Atomics.wait(lane, 0, 0, 40)
      if (++rounds < 3) clock.timers.setImmediate(stall)
    }
    stall()
    await clock.advance(10)
    expect(rounds).toBe(3)
  })

  test('timers of no time are a livelock too, but many instants are not', async () => {
    const clock = new VirtualClock({ callbacksPerInstant: 50 })
    const spin = (ms: number) => () => clock.timers.setTimeout(spin(ms), ms)
    spin(1)()
    await clock.advance(200)
    spin(0)()
    await expect(clock.advance(10)).rejects.toThrow('Livelock')
  })
})

describe('until', () => {
  test('stops at the timer that made it true', async () => {
    const clock = new VirtualClock()
    let count = 0
    const tick = () => {
      count++
      clock.timers.setTimeout(tick, 10)
    }
    tick()
    await clock.until(() => count === 4)
    expect([count, clock.monotonic()]).toEqual([4, 30])
    await clock.until(() => count === 4)
    expect(clock.monotonic()).toBe(30)
  })

  test('says what it waited for and what was pending when time is over', async () => {
    const clock = new VirtualClock()
    function heartbeat() {
      clock.timers.setTimeout(heartbeat, 40)
    }
    heartbeat()
    const waiting = clock.until(() => false, { within: 100, what: 'the source to come back' })
    await expect(waiting).rejects.toThrow(
      /Not within 100 ms of virtual time: the source to come back\nPending timers \(1\):\n {2}in 20 ms: function heartbeat/,
    )
    expect(clock.monotonic()).toBe(100)
  })

  test('names the condition by its source, and ends at once where no timer is left', async () => {
    const clock = new VirtualClock()
    const arrived: string[] = []
    clock.timers.setTimeout(() => arrived.push('a'), 10)
    await expect(clock.until(() => arrived.length === 2)).rejects.toThrow(
      /No timer is left after 10 ms of virtual time: \(\) => arrived\.length === 2\nNo timers are pending/,
    )
    expect(clock.monotonic()).toBe(10)
  })

  test('looks once more at the end', async () => {
    const clock = new VirtualClock()
    clock.timers.setTimeout(() => {}, 1_000)
    await clock.until(() => clock.monotonic() >= 70, { within: 70 })
    expect(clock.monotonic()).toBe(70)
  })

  test('a condition that throws rejects it', async () => {
    const clock = new VirtualClock()
    const broken = () => {
      throw new Error('bad condition')
    }
    await expect(clock.until(broken)).rejects.toThrow('bad condition')
    await clock.settle()
  })
})

describe('run', () => {
  test('answers what the promise answers, at the time it does', async () => {
    const clock = new VirtualClock()
    const work = async () => {
      await clock.sleep(25)
      return 'done'
    }
    expect(await clock.run(work())).toBe('done')
    expect(clock.monotonic()).toBe(25)
  })

  test('rethrows what the promise throws', async () => {
    const clock = new VirtualClock()
    const work = async () => {
      await clock.sleep(25)
      throw new Error('failed')
    }
    await expect(clock.run(work())).rejects.toThrow('failed')
  })

  test('fails where nothing can settle the promise', async () => {
    const clock = new VirtualClock()
    await expect(clock.run(new Promise(() => {}), { what: 'connecting' })).rejects.toThrow(
      'No timer is left after 0 ms of virtual time: connecting',
    )
    await expect(clock.run(clock.sleep(101), { within: 100 })).rejects.toThrow('Not within 100 ms')
  })

  test('one drive at a time: a callback that drives is told to sleep', async () => {
    const clock = new VirtualClock()
    const inside = clock.sleep(10).then(() => clock.advance(10))
    await expect(clock.run(inside)).rejects.toThrow('await clock.sleep(ms)')
    await clock.advance(1)
    expect(clock.monotonic()).toBe(11)
  })
})

describe('sleep', () => {
  test('ends with the signal, leaving no timer', async () => {
    const clock = new VirtualClock()
    const controller = new AbortController()
    const sleeping = clock.sleep(1_000, controller.signal)
    clock.timers.setTimeout(() => controller.abort(new Error('enough')), 10)
    await expect(clock.run(sleeping)).rejects.toThrow('enough')
    expect([clock.monotonic(), clock.pendingTimers]).toEqual([10, 0])
    await expect(clock.sleep(5, controller.signal)).rejects.toThrow('enough')
    expect(clock.pendingTimers).toBe(0)
  })
})

describe('environment', () => {
  test('is one stream of random numbers, the same for the same seed', () => {
    const draw = (clock: VirtualClock) => [clock.environment().random?.(), clock.environment().random?.()]
    const first = draw(new VirtualClock({ seed: 5 }))
    expect(draw(new VirtualClock({ seed: 5 }))).toEqual(first)
    expect(draw(new VirtualClock({ seed: 6 }))).not.toEqual(first)
    expect(first[0]).not.toBe(first[1])
  })

  test('takes overrides', () => {
    const clock = new VirtualClock()
    const random = () => 0.5
    expect(clock.environment({ random, instance: 'a' })).toEqual({ clock, timers: clock.timers, random, instance: 'a' })
  })
})

/** A plan of timers: each fires after a delay and then makes its children; some cancel the timer made n-th. */
interface Plan {
  readonly delay: number
  readonly children: readonly Plan[]
  readonly cancels: number | undefined
}

const plans = fc.letrec<{ plan: Plan }>(tie => ({
  plan: fc.record({
    delay: fc.integer({ min: 0, max: 20 }),
    children: fc.oneof({ maxDepth: 3 }, fc.constant([]), fc.array(tie('plan'), { maxLength: 3 })),
    cancels: fc.option(fc.nat(12), { nil: undefined }),
  }),
})).plan

/** The naive model: a list, searched from the start each time. */
function expected(roots: readonly Plan[], spans: readonly number[]): string[] {
  const list: { at: number; made: number; plan: Plan }[] = []
  const ran: string[] = []
  let made = 0
  let now = 0
  const add = (plan: Plan) => list.push({ at: now + plan.delay, made: made++, plan })
  roots.forEach(add)
  for (const span of spans) {
    const end = now + span
    for (;;) {
      const due = list.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at || a.made - b.made)[0]
      if (due === undefined) break
      list.splice(list.indexOf(due), 1)
      now = due.at
      ran.push(`${due.made}@${now}`)
      const victim = list.findIndex(one => one.made === due.plan.cancels)
      if (victim >= 0) list.splice(victim, 1)
      due.plan.children.forEach(add)
    }
    now = end
    ran.push(`end@${now}`)
  }
  return ran
}

async function actual(roots: readonly Plan[], spans: readonly number[]): Promise<string[]> {
  const clock = new VirtualClock()
  const handles: unknown[] = []
  const ran: string[] = []
  const add = (plan: Plan) => {
    const made = handles.length
    const callback = () => {
      ran.push(`${made}@${clock.monotonic()}`)
      if (plan.cancels !== undefined) clock.timers.clearTimeout(handles[plan.cancels])
      plan.children.forEach(add)
    }
    handles.push(clock.timers.setTimeout(callback, plan.delay))
  }
  roots.forEach(add)
  for (const span of spans) {
    await clock.advance(span)
    ran.push(`end@${clock.monotonic()}`)
  }
  return ran
}

test('any tree of timers runs as a naive sorted list says', async () => {
  const spans = fc.array(fc.integer({ min: 0, max: 25 }), { minLength: 1, maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(fc.array(plans, { maxLength: 6 }), spans, async (roots, by) => {
      expect(await actual(roots, by)).toEqual(expected(roots, by))
    }),
    { numRuns: 300 },
  )
})
