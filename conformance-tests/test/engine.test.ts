import { describe, expect, test } from 'vitest'
import { bases } from '../scripts/bases.js'
import { decorate } from '../src/history/decorate.js'
import { defineTarget, Suite, type SuiteOptions } from '../src/index.js'
import { made, results, verdictOf } from './kit.js'

const target = bases.memory

describe('verdicts', () => {
  test('passed, and the history is let go', async () => {
    const result = await verdictOf(async it => void (await it.publish(it.topic(), 1)))
    expect(result).toMatchObject({ verdict: 'passed' })
    expect(result.history).toBeUndefined()
    expect(result.reason).toBeUndefined()
  })

  test('failed: the case throws, and its history is kept', async () => {
    const result = await verdictOf(async it => {
      await it.publish(it.topic(), 1)
      throw new Error('the order was wrong')
    })
    expect(result.verdict).toBe('failed')
    expect(result.reason).toMatch(/the order was wrong/)
    expect(result.history?.map(({ kind }) => kind)).toEqual(['publish', 'published', 'receipt'])
  })

  test('failed: it waits for what cannot come, and no real time passes', async () => {
    const start = performance.now()
    const hung = await verdictOf(() => new Promise(() => {}))
    expect(hung).toMatchObject({ verdict: 'failed', reason: expect.stringMatching(/^It hung: No timer is left/) })
    const late = await verdictOf(it => it.elapse(10_000_000))
    expect(late).toMatchObject({ verdict: 'failed', reason: expect.stringMatching(/It hung: Not within \d+ ms/) })
    expect(performance.now() - start).toBeLessThan(5_000)
  })

  test('failed: a rejection that nobody handles', async () => {
    const rejected = await verdictOf(async () => void Promise.reject(new Error('forgotten')))
    expect(rejected).toMatchObject({
      verdict: 'failed',
      reason: expect.stringMatching(/nobody handled: Error: forgotten/),
    })
  })

  test('failed: a timer is left', async () => {
    const result = await verdictOf(async it => void it.elapse(1_000))
    expect(result).toMatchObject({ verdict: 'failed', reason: expect.stringMatching(/^1 timers are left/) })
  })

  test('failed: the history shows what the case has not looked at', async () => {
    const result = await verdictOf(async it => {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      const seen = await it.collect(await it.open(), billing)
      await it.publish(orders, 1)
      await it.until(() => seen.acked.length === 1, { what: 'an ack' })
      const [event] = it.history.events.filter(({ kind }) => kind === 'deliver')
      const asked = it.history.add('p1', { kind: 'fault', what: 'the test' })
      if (event?.kind === 'deliver') it.history.add('p1', { ...event, delivery: 99, asked })
    })
    expect(result).toMatchObject({
      verdict: 'failed',
      reason: expect.stringMatching(/\[duplicated\] .* after it had been acked/),
    })
  })

  test('blocked and unknown, unless something has gone wrong as well', async () => {
    expect(await verdictOf(async it => it.blocked('no server'))).toMatchObject({
      verdict: 'blocked',
      reason: 'no server',
    })
    expect(await verdictOf(async it => it.inconclusive('nothing came'))).toMatchObject({ verdict: 'unknown' })
    const both = await verdictOf(async it => {
      void it.elapse(1_000)
      it.blocked('no server')
    })
    expect(both.verdict).toBe('failed')
  })

  test('blocked where a hook is missing, refused and skipped where nothing is claimed: without being run', async () => {
    const run = () => Promise.reject(new Error('it ran'))
    const verdicts = async (more: Parameters<typeof made>[2]) => (await verdictOf(run, { more: more ?? {} })).verdict
    expect(await verdicts({ hooks: ['proxy'] })).toBe('blocked')
    expect(await verdicts({ needs: 'fifo:windowed', refusal: 'REF-fifo' })).toBe('refused')
    expect(await verdicts({ needs: 'fencing:local' })).toBe('skipped')
  })

  test('flaky: it ends differently when it is repeated', async () => {
    let runs = 0
    const run = async () => {
      if (++runs === 3) throw new Error('the third time')
    }
    const result = await verdictOf(run, { repeat: 5 })
    expect(result).toMatchObject({
      verdict: 'flaky',
      reason: expect.stringMatching(/^1 of 5 runs .*\n.*the third time/),
    })
    expect(runs).toBe(5)
  })
})

describe('the order', () => {
  const ids = ['ACK-91', 'ACK-92', 'ACK-93', 'ACK-94', 'ACK-95', 'ACK-96']
  async function orderOf(options: SuiteOptions): Promise<readonly string[]> {
    const order: string[] = []
    const cases = ids.map(id => made(id, async () => void order.push(id)))
    const found = await results(cases, options)
    expect(found.map(({ case: { id }, verdict }) => [id, verdict])).toEqual(ids.map(id => [id, 'passed']))
    return order
  }

  test('is that of the ids, each with all its repetitions', async () => {
    expect(await orderOf({ repeat: 2 })).toEqual(ids.flatMap(id => [id, id]))
  })

  test('shuffled, is decided by the seed, and another one in each repetition', async () => {
    const shuffle = { shuffle: true, repeat: 3, seed: 7 }
    const order = await orderOf(shuffle)
    const rounds = [0, 6, 12].map(at => order.slice(at, at + 6))
    for (const round of rounds) expect(round.toSorted()).toEqual(ids)
    expect(new Set([ids, ...rounds].map(String)).size).toBe(4)
    expect(await orderOf(shuffle)).toEqual(order)
    expect(await orderOf({ ...shuffle, seed: 8 })).not.toEqual(order)
  })
})

describe('surroundings', () => {
  test('a broker that does not come back fails one case, and blocks the others', async () => {
    const nothing = async () => {}
    const broker = {
      start: () => Promise.reject(new Error('no disk')),
      stop: nothing,
      kill: nothing,
      freeze: nothing,
      resume: nothing,
      isRunning: true,
    }
    const damaged = defineTarget({ ...target, hooks: { broker } })
    const hooks = ['broker'] as const
    const cases = ['RST-90', 'RST-91'].map(id => made(id, nothing, { hooks }))
    const all = await results([...cases, made('ACK-90', nothing)], { target: damaged })
    expect(all.map(({ case: { id }, verdict }) => [id, verdict])).toEqual([
      ['RST-90', 'failed'],
      ['RST-91', 'blocked'],
      ['ACK-90', 'passed'],
    ])
    expect(all[1]?.reason).toBe('the broker was not whole again after RST-90')
  })

  test('a timing that is not to be held is refused before anything runs, with advice', async () => {
    const { memory: base } = bases
    const slow = defineTarget({ ...base, time: 'real', timing: { ...base.timing, arrive: 0.001 } })
    await expect(Suite.prepare(slow)).rejects.toThrow(
      /timing.arrive is 0.001 ms, and of 10 messages .* Give at least \d+ ms/,
    )
  })
})

describe('known deviations', () => {
  const known = { case: 'ACK-99', reason: 'the server forgets', issue: 'https://example.org/1', expires: '2027-01-01' }
  const deviating = defineTarget({ ...target, knownDeviations: [known] })
  const failing = () => Promise.reject(new Error('as ever'))

  test('it fails: a deviation, until it expires', async () => {
    const before = await verdictOf(failing, { target: deviating, today: '2026-12-31' })
    expect(before).toMatchObject({ verdict: 'deviation', reason: expect.stringMatching(/the server forgets/) })
    const after = await verdictOf(failing, { target: deviating, today: '2027-01-01' })
    expect(after).toMatchObject({ verdict: 'failed', reason: expect.stringMatching(/was to be mended by 2027-01-01/) })
  })

  test('it passes: the list is stale', async () => {
    const result = await verdictOf(async () => {}, { target: deviating, today: '2026-12-31' })
    expect(result.verdict).toBe('stale-deviation')
  })

  test('a case that there is not, or a date that is none, is refused', async () => {
    const strange = defineTarget({ ...target, knownDeviations: [{ ...known, case: 'ACK-98' }] })
    await expect(verdictOf(failing, { target: strange })).rejects.toThrow(/ACK-98/)
    const knownDeviations = [{ ...known, expires: 'soon' }]
    expect(() => defineTarget({ ...target, knownDeviations })).toThrow(/soon/)
  })
})

describe('selection', () => {
  const cases = ['ACK-98', 'ACK-99', 'LSE-98', 'LSE-99'].map(id =>
    made(id, async () => {}, { profile: id.endsWith('98') ? 'core' : 'full' }),
  )
  const ids = async (options: Parameters<typeof results>[1]) =>
    (await results(cases, options)).map(({ case: { id } }) => id)

  test('by profile, group and id', async () => {
    expect(await ids({})).toEqual(['ACK-98', 'ACK-99', 'LSE-98', 'LSE-99'])
    expect(await ids({ profile: 'core' })).toEqual(['ACK-98', 'LSE-98'])
    expect(await ids({ only: ['ACK', 'LSE-99'] })).toEqual(['ACK-98', 'ACK-99', 'LSE-99'])
    expect(await ids({ skip: ['LSE'] })).toEqual(['ACK-98', 'ACK-99'])
    expect(await ids({ only: ['ACK'], skip: ['ACK-98'] })).toEqual(['ACK-99'])
  })

  test('a name that means nothing is refused: a typing error must not pass', async () => {
    await expect(ids({ only: ['ACK-97'] })).rejects.toThrow(/no case and no group called ACK-97/)
    await expect(ids({ skip: ['AKC'] })).rejects.toThrow(/AKC/)
  })

  test('what must be alone runs last, and alone', async () => {
    const log: string[] = []
    const logging = (id: string) =>
      made(id, async it => {
        log.push(`+${id}`)
        await it.elapse(10)
        log.push(`-${id}`)
      })
    const alone = { ...logging('ACK-97'), exclusive: true }
    const all = await results([alone, logging('ACK-98'), logging('ACK-99')], { parallel: 2 })
    expect(log.slice(-2)).toEqual(['+ACK-97', '-ACK-97'])
    expect(log.slice(0, 2)).toEqual(['+ACK-98', '+ACK-99'])
    expect(all.map(({ case: { id } }) => id)).toEqual(['ACK-97', 'ACK-98', 'ACK-99'])
  })
})

describe('seeds', () => {
  test('a case draws the same numbers alone and among others, and others with another seed', async () => {
    const drawn: Record<string, number[]> = {}
    const drawing = (id: string) =>
      made(id, async it => {
        drawn[id] = [...(drawn[id] ?? []), it.random()]
      })
    await results([drawing('ACK-98'), drawing('ACK-99')], { seed: 7 })
    await results([drawing('ACK-99')], { seed: 7 })
    await results([drawing('ACK-99')], { seed: 8 })
    const [first, second, third] = drawn['ACK-99'] ?? []
    expect(second).toBe(first)
    expect(third).not.toBe(first)
    expect(drawn['ACK-98']?.[0]).not.toBe(first)
  })

  test('the whole history is the same for the same seed', async () => {
    const record = async (seed: number) => {
      let text = ''
      await verdictOf(
        async it => {
          const orders = it.topic()
          await it.collect(await it.open(), orders.subscription('billing'))
          await it.publish(orders, 5)
          await it.elapse(100)
          text = JSON.stringify(it.history.events)
        },
        { seed },
      )
      return text
    }
    expect(await record(7)).toBe(await record(7))
    expect(await record(7)).not.toBe(await record(8))
  })
})

describe('targets', () => {
  const open = (changes: object) => defineTarget({ ...target, ...changes })

  test('capabilities, lists of cases and other strangers are refused', () => {
    expect(() => open({ capabilities: {} })).toThrow(/Capabilities come from the adapter alone/)
    expect(() => open({ tests: [] })).toThrow(/no member "tests"/)
    expect(() => open({ timing: { ...target.timing, arrive: 0 } })).toThrow(/"arrive"/)
    expect(() => open({ required: undefined })).toThrow(/needs "required"/)
    expect(() => open({ time: 'fast' })).toThrow(/'virtual' or 'real'/)
  })

  test('an adapter with a capability that nobody knows, or without one, is refused', async () => {
    const adapterWith = (changes: object) =>
      open({
        adapter: async (...args: Parameters<typeof target.adapter>) => {
          const inner = await target.adapter(...args)
          const capabilities = { ...inner.capabilities, ...changes }
          return { ...decorate(inner, { connection: () => ({ capabilities }) }), capabilities }
        },
      })
    await expect(Suite.prepare(adapterWith({ teleport: 'exact' }))).rejects.toThrow(/"teleport"/)
    await expect(Suite.prepare(adapterWith({ fifo: 'mostly' }))).rejects.toThrow(/fifo:mostly/)
    await expect(Suite.prepare(adapterWith({ keys: undefined }))).rejects.toThrow(/keys/)
  })
})
