import { afterAll, describe, expect, test } from 'vitest'
import { CASES, type Case, type CaseResult, defineTarget, Suite } from '../../src/index.js'
import { made } from '../kit.js'
import target, { broker } from './target.ts'

/** Not run: it is about what this server does not claim, or needs what its target does not have. */
const NOT_RUN = ['skipped', 'refused', 'blocked']
const told = ({ case: { id }, verdict, reason }: CaseResult) => `${id} ${verdict}: ${reason}`

test('the cases that are written for virtual time pass in real time, on a server', async () => {
  // Only those of the core: in real time patience takes its time.
  const suite = await Suite.prepare(target, { parallel: 4, profile: 'core', slow: 4 })
  expect(broker.isRunning).toBe(true)
  const results = await suite.runAll()
  await suite.close()
  expect(broker.isRunning).toBe(false)
  // What a broker in another process's memory does not claim is skipped.
  const bad = results.filter(({ verdict }) => verdict !== 'passed' && !NOT_RUN.includes(verdict))
  expect(bad.map(told)).toEqual([])
  const cases = CASES.filter(({ profile, id }) => profile === 'core' && !id.startsWith('REF-'))
  expect(results.filter(({ verdict }) => verdict === 'passed').length).toBeGreaterThan(cases.length / 2)
}, 300_000)

afterAll(() => broker.kill())

describe('hooks', () => {
  const run = async (...cases: Parameters<typeof made>[]) => {
    const suite = await Suite.prepare(target, { cases: cases.map(([id, body, more]) => made(id, body, more)) })
    const results = await suite.runAll()
    await suite.close()
    return results.map(result => (result.verdict === 'passed' ? 'passed' : told(result)))
  }

  test('a child is killed while it holds messages: they come to another process, as losses', async () => {
    const verdicts = await run([
      'CRS-90',
      async it => {
        const orders = it.topic()
        const billing = orders.subscription('billing')
        const ids = await it.publish(orders, 3)
        const child = await it.child()
        await child.subscribe(billing, { does: 'hold' }, { concurrency: 3 })
        await it.until(() => child.runs.length === 3, { what: 'three runs in the child' })
        await child.kill()
        const seen = await it.collect(await it.open(), billing)
        const within = it.timing.lease + it.timing.redeliver
        await it.until(() => seen.acked.length === 3, { within, what: 'all three to be acked' })
        expect(seen.acked).toEqual(ids)
      },
      { hooks: ['children'] },
    ])
    expect(verdicts).toEqual(['passed'])
  }, 30_000)

  test('a child that is frozen for three leases finds its work taken over, and its settles stale', async () => {
    const verdicts = await run([
      'CRS-91',
      async it => {
        const orders = it.topic()
        const billing = orders.subscription('billing', { timeout: '30s' })
        await it.publish(orders, 1)
        const child = await it.child()
        await child.subscribe(billing, { does: 'block' })
        await it.until(() => child.runs.length === 1, { what: 'a run in the child' })
        const seen = await it.collect(await it.open(), billing)
        const within = 3 * (it.timing.lease + it.timing.redeliver)
        await it.until(() => seen.acked.length === 1, { within, what: 'another process to take over' })
        await it.elapse(3 * it.timing.lease)
        expect(child.acked).toEqual([])
      },
      { hooks: ['children'], budget: ({ lease }) => 20 * lease },
    ])
    expect(verdicts).toEqual(['passed'])
  }, 60_000)

  test('a child publishes, is told so, and dies; what was told is there', async () => {
    const verdicts = await run([
      'CRS-92',
      async it => {
        const orders = it.topic()
        const child = await it.child()
        child.publish(orders, 100_000).catch(() => {})
        await it.until(() => child.receipts.length > 20, { what: 'some receipts' })
        await child.kill()
        const seen = await it.collect(await it.open(), orders.subscription('billing'), undefined, { concurrency: 64 })
        await it.until(() => child.receipts.every(({ id }) => seen.acked.includes(id)), {
          within: 15_000,
          what: 'all that was told',
        })
      },
      { hooks: ['children'], budget: () => 60_000 },
    ])
    expect(verdicts).toEqual(['passed'])
  }, 90_000)

  test('a closed child ends by itself; one that exits is over', async () => {
    const verdicts = await run([
      'CRS-93',
      async it => {
        const [first, second] = [await it.child(), await it.child()]
        await first.subscribe(it.topic().subscription('billing'))
        await first.close()
        expect(await first.exited).toEqual({ code: 0, signal: null })
        await second.exit(7)
        expect(await second.exited).toEqual({ code: 7, signal: null })
        await expect(second.publish(it.topic(), 1)).rejects.toThrow(/is over/)
      },
      { hooks: ['children'] },
    ])
    expect(verdicts).toEqual(['passed'])
  }, 30_000)

  test('the process that leads is the child that the target names, while it lives', async () => {
    let pid: number | undefined
    const leader = { timeout: 100, find: async () => pid }
    const led = defineTarget({ ...target, hooks: { ...target.hooks, leader } })
    const run: Case['run'] = async it => {
      expect([it.leadership.timeout, await it.leadership.leader()]).toEqual([100, undefined])
      const [, second] = [await it.child(), await it.child()]
      pid = second.pid
      expect(await it.leadership.leader()).toBe(second)
      await second.kill()
      expect(await it.leadership.leader()).toBeUndefined()
    }
    const suite = await Suite.prepare(led, { cases: [made('CRS-95', run, { hooks: ['children', 'leader'] })] })
    const results = await suite.runAll()
    await suite.close()
    expect(results.map(told)).toEqual(['CRS-95 passed: undefined'])
  }, 30_000)

  test('a cut link, a black hole and lost replies: consuming goes on by itself', async () => {
    const through =
      (spoil: (link: Parameters<Parameters<typeof made>[1]>[0]['link']) => void): Parameters<typeof made>[1] =>
      async it => {
        const orders = it.topic()
        const billing = orders.subscription('billing')
        const seen = await it.collect(await it.open(), billing)
        await it.publish(orders, 2)
        await it.until(() => seen.acked.length === 2, { what: 'two acks' })
        spoil(it.link)
        const downs = () => it.history.events.filter(event => event.kind === 'end' && event.why === 'lost').length
        await it.until(() => downs() > 0, { within: it.timing.recover, what: 'the broken link to be noticed' })
        await it.link.restore()
        const more = await it.open()
        await more.publish(orders, { n: 3 })
        await it.until(() => seen.acked.length === 3, { within: it.timing.recover, what: 'the third ack' })
      }
    const more = { hooks: ['proxy'], budget: () => 30_000 } as const
    const verdicts = await run(
      ['NET-90', through(link => void link.cut()), more],
      ['NET-91', through(link => link.blackhole()), more],
      ['NET-92', through(link => link.dropReplies()), more],
      ['NET-93', through(link => link.cutAfter(20, 'up')), more],
    )
    expect(verdicts).toEqual(['passed', 'passed', 'passed', 'passed'])
  }, 120_000)

  test('where nothing goes through the proxy, nothing is proved', async () => {
    const [verdict] = await run(['NET-94', async it => void it.link.connections, { hooks: ['proxy'] }])
    expect(verdict).toMatch(/^NET-94 blocked: no connection has gone through the proxy/)
  })

  test('the broker is killed and frozen; it is whole again for the next case', async () => {
    const publishes: Parameters<typeof made>[1] = async it => void (await it.publish(it.topic(), 1))
    const verdicts = await run(
      ['RST-90', async it => it.broker.kill(), { hooks: ['broker'] }],
      ['RST-91', publishes, { hooks: ['broker'] }],
      ['RST-92', async it => it.broker.freeze(), { hooks: ['broker'] }],
      ['RST-93', publishes, { hooks: ['broker'] }],
    )
    expect(verdicts).toEqual(['passed', 'passed', 'passed', 'passed'])
  }, 60_000)

  test('a hook that the case does not list is a mistake of the case', async () => {
    const [verdict] = await run(['RST-94', async it => it.broker.kill()])
    expect(verdict).toMatch(/RST-94 failed: .*uses the hook broker and does not list it/s)
  })
})
