import {
  type RecordableContext,
  type RecordableMessage,
  Recorder,
  recordingLogger,
  VirtualClock,
} from '@pluribus/core/testing'
import { describe, expect, expectTypeOf, test } from 'vitest'

const message = (id: string, key?: string): RecordableMessage => ({ id, topic: 'orders.placed', key })
const context = (attempt = 1, signal = new AbortController().signal): RecordableContext => ({ attempt, signal })

function setup() {
  const clock = new VirtualClock()
  return { clock, recorder: new Recorder(clock) }
}

describe('a run', () => {
  test('has its beginning, its end and what came of it', async () => {
    const { clock, recorder } = setup()
    const handler = recorder.handler(() => clock.sleep(40).then(() => 'settled'), {
      process: 'p1',
      subscription: 'billing',
    })
    await clock.advance(10)
    const running = handler(message('a', 'k'), context(2))
    await clock.advance(5)
    expect(recorder.runs[0]).toMatchObject({
      outcome: 'running',
      startedAt: 10,
      endedAt: undefined,
      finished: undefined,
    })
    expect(await clock.run(running)).toBe('settled')
    expect(recorder.runs[0]).toMatchObject({
      id: 'a',
      topic: 'orders.placed',
      key: 'k',
      attempt: 2,
      process: 'p1',
      subscription: 'billing',
      startedAt: 10,
      endedAt: 50,
      outcome: 'returned',
      result: 'settled',
      aborted: false,
    })
  })

  test('of a synchronous behaviour is synchronous', () => {
    const { recorder } = setup()
    expect(recorder.handler(() => 7)(message('a'), context())).toBe(7)
    expect(recorder.handler()(message('b'), context())).toBeUndefined()
    expect(recorder.runs.map(run => run.outcome)).toEqual(['returned', 'returned'])
  })

  test.each(['sync', 'async'])('that throws (%s) throws on', async kind => {
    const { recorder } = setup()
    const boom = new Error('boom')
    const handler = recorder.handler((): unknown => {
      if (kind === 'sync') throw boom
      return Promise.reject(boom)
    })
    await expect((async () => handler(message('a'), context()))()).rejects.toBe(boom)
    expect(recorder.runs[0]).toMatchObject({ outcome: 'threw', result: boom })
  })

  test('knows whether its signal was aborted before it ended', async () => {
    const { clock, recorder } = setup()
    const handler = recorder.handler(() => clock.sleep(10))
    const [during, after] = [new AbortController(), new AbortController()]
    const running = Promise.all([
      handler(message('a'), context(1, during.signal)),
      handler(message('b'), context(1, after.signal)),
    ])
    expect(recorder.runs[0]?.aborted).toBe(false)
    during.abort()
    expect(recorder.runs[0]?.aborted).toBe(true)
    await clock.run(running)
    after.abort()
    expect(recorder.runs.map(run => run.aborted)).toEqual([true, false])
  })

  test('does not read the signal or the data before its end', () => {
    const { recorder } = setup()
    const read: string[] = []
    const lazyContext = {
      attempt: 1,
      get signal() {
        read.push('signal')
        return new AbortController().signal
      },
    }
    const lazyMessage = {
      ...message('a'),
      get data() {
        read.push('data')
        return 1
      },
    }
    recorder.handler(() => read.push('behaviour'))(lazyMessage, lazyContext)
    expect(read).toEqual(['behaviour', 'signal'])
  })

  test('of a process that died ends there, whatever its handler does later', async () => {
    const { clock, recorder } = setup()
    const doomed = recorder.handler(() => clock.sleep(100), { process: 'p1' })
    const other = recorder.handler(() => clock.sleep(100), { process: 'p2' })
    const running = [doomed(message('a'), context()), other(message('b'), context())]
    await clock.advance(30)
    recorder.died('p1')
    await clock.run(Promise.all(running))
    expect(recorder.runs.map(({ outcome, endedAt }) => [outcome, endedAt])).toEqual([
      ['died', 30],
      ['returned', 100],
    ])
  })
})

describe('the history', () => {
  test('has ids in order of beginning, once per run', () => {
    const { recorder } = setup()
    const handler = recorder.handler()
    for (const id of ['a', 'b', 'a']) handler(message(id), context())
    expect(recorder.ids()).toEqual(['a', 'b', 'a'])
    expect(recorder.runsOf('a')).toEqual([recorder.runs[0], recorder.runs[2]])
  })

  test('finds runs of one message or key that overlap, though no time passes', async () => {
    const { clock, recorder } = setup()
    const gates = new Map<string, () => void>()
    const handler = recorder.handler((m: RecordableMessage) => new Promise<void>(done => gates.set(m.id, done)))
    const running = [handler(message('a', 'k'), context()), handler(message('b', 'k'), context())]
    gates.get('a')?.()
    await clock.settle()
    running.push(handler(message('a', 'k'), context(2)))
    gates.get('a')?.()
    gates.get('b')?.()
    await clock.run(Promise.all(running))
    expect(recorder.overlapping()).toEqual([])
    const [a1, b, a2] = recorder.runs
    expect(recorder.overlapping('key')).toEqual([
      [a1, b],
      [b, a2],
    ])
    expect(recorder.maxConcurrent()).toBe(2)
  })

  test('an unfinished run overlaps every later one of its message, in its subscription only', () => {
    const { recorder } = setup()
    const never = () => new Promise<void>(() => {})
    recorder.handler(never, { subscription: 'billing' })(message('a'), context())
    recorder.handler(never, { subscription: 'shipping' })(message('a'), context())
    expect(recorder.overlapping()).toEqual([])
    recorder.handler(undefined, { subscription: 'billing' })(message('a'), context())
    expect(recorder.overlapping()).toEqual([[recorder.runs[0], recorder.runs[2]]])
    expect(recorder.overlapping('key')).toEqual([])
    expect(recorder.maxConcurrent()).toBe(3)
  })

  test('one after the other is no overlap and a concurrency of one', () => {
    const { recorder } = setup()
    for (let run = 0; run < 3; run++) recorder.handler()(message('a', 'k'), context())
    expect([recorder.overlapping(), recorder.overlapping('key'), recorder.maxConcurrent()]).toEqual([[], [], 1])
  })

  test('has events in one order with the runs', async () => {
    const { clock, recorder } = setup()
    recorder.event('published', { id: 'a' })
    await clock.advance(5)
    recorder.handler()(message('a'), context())
    recorder.event('closed')
    const [run] = recorder.runs
    expect(recorder.events.map(({ name, details, time }) => [name, details, time])).toEqual([
      ['published', { id: 'a' }, 0],
      ['closed', undefined, 5],
    ])
    const orders = [recorder.events[0]?.order, run?.began, run?.finished, recorder.events[1]?.order]
    expect(orders).toEqual(orders.toSorted((x, y) => Number(x) - Number(y)))
    expect(new Set(orders).size).toBe(4)
  })
})

test('types: the behaviour sees what the place it is used in gives', () => {
  const { recorder } = setup()
  interface Wide extends RecordableMessage {
    readonly data: { total: number }
  }
  type Handler = (message: Wide, context: RecordableContext & { publish(): void }) => unknown
  const handler: Handler = recorder.handler((m, c) => {
    expectTypeOf(m.data.total).toEqualTypeOf<number>()
    c.publish()
  })
  const plain: Handler = recorder.handler()
  expectTypeOf(handler).toEqualTypeOf(plain)
})

test('the recording logger keeps its lines in order', () => {
  const logger = recordingLogger()
  logger.warn({ topic: 'a' }, 'first')
  logger.error({}, 'second')
  logger.warn({}, 'third')
  expect(logger.messages('warn')).toEqual(['first', 'third'])
  expect(logger.messages('debug')).toEqual([])
  expect(logger.lines[0]).toEqual({ level: 'warn', message: 'first', details: { topic: 'a' } })
})
