import { describe, expect, test } from 'vitest'
import {
  bench,
  connect,
  drain,
  failure,
  idsOf,
  LEASE,
  message,
  open,
  publish,
  ready,
  restart,
  SUBSCRIPTION,
  spec,
  TOPIC,
} from './kit.js'

const settleOne = (kind: 'retry' | 'reject' | 'release', token: number, delay = 0) => {
  if (kind === 'retry') return { kind, token, delay, error: failure(1) } as const
  if (kind === 'release') return { kind, token } as const
  return { kind, token, reason: 'EXHAUSTED', attempts: 1, errors: [failure(1)] } as const
}

describe.each(['process', 'power'] as const)('after the %s has ended', after => {
  test('what was published is there, in its order, and what was acked is not', async () => {
    const first = await ready()
    await publish(first, 'a', 'b', 'c', 'd')
    const { deliveries } = await first.link.pull(first.source, 2)
    await first.link.settle(first.source, { acks: [deliveries[1]?.token as number], others: [] })
    const second = await restart(first, after)
    expect(await drain(second.link)).toEqual(['a', 'c', 'd'])
    const third = await restart(second, after)
    expect(await drain(third.link)).toEqual([])
  })

  test('who was handed out is lost, once for each process, and not by its own', async () => {
    const first = await ready()
    await publish(first, 'a')
    await first.link.pull(first.source, 1)
    const second = await restart(first, after)
    const [again] = (await second.link.pull(await open(second.link), 1)).deliveries
    expect(again).toMatchObject({ failures: 0, losses: 1, marks: 0 })
    const same = await restart(second, after, { instance: 'b' })
    const source = await open(same.link)
    const [thrice] = (await same.link.pull(source, 1)).deliveries
    expect(thrice).toMatchObject({ losses: 1 })
    const last = await restart(same, after, { instance: 'c' })
    expect((await last.link.pull(await open(last.link), 1)).deliveries[0]).toMatchObject({ losses: 2 })
  })

  test('a marked suspect is known to have been marked', async () => {
    let setup = await ready()
    await publish(setup, 'a', 'b')
    await setup.link.pull(setup.source, 2)
    for (const instance of ['b', 'c']) {
      setup = { ...(await restart(setup, after, { instance })), source: 0 }
      const source = await open(setup.link)
      const { deliveries } = await setup.link.pull(source, 2)
      if (instance === 'c') {
        expect(idsOf(deliveries)).toEqual(['a'])
        await setup.link.mark(source, deliveries[0]?.token as number)
      }
    }
    const last = await restart(setup, after, { instance: 'd' })
    const source = await open(last.link)
    expect((await last.link.pull(source, 2)).deliveries).toMatchObject([{ losses: 3, marks: 1 }])
    expect((await last.link.pull(source, 2)).deliveries).toMatchObject([{ losses: 2, marks: 0 }])
  })

  test('a failed run is counted, waits out its delay, and keeps its place', async () => {
    const first = await ready()
    await publish(first, 'a', 'b', 'c')
    const { deliveries } = await first.link.pull(first.source, 1)
    const [one] = deliveries
    await first.link.settle(first.source, { acks: [], others: [settleOne('retry', one?.token as number, 1_000)] })
    const second = await restart(first, after)
    const source = await open(second.link)
    const now = await second.link.pull(source, 1)
    expect(idsOf(now.deliveries)).toEqual(['b'])
    expect((await second.link.pull(source, 0)).dueIn).toBeCloseTo(1_000, 0)
    second.clock.pass(1_000)
    const then = await second.link.pull(source, 1)
    expect(idsOf(then.deliveries)).toEqual(['a'])
    expect(then.deliveries[0]).toMatchObject({ failures: 1, losses: 0 })
  })

  test('dead letters are there with all their errors, can be redriven, and stand at the tail then', async () => {
    const first = await ready()
    await publish(first, 'a', 'b', 'c')
    let { deliveries } = await first.link.pull(first.source, 1)
    await first.link.settle(first.source, { acks: [], others: [settleOne('retry', deliveries[0]?.token as number)] })
    deliveries = (await first.link.pull(first.source, 1)).deliveries
    await first.link.settle(first.source, { acks: [], others: [settleOne('reject', deliveries[0]?.token as number)] })
    const second = await restart(first, after)
    expect(await second.link.counts(SUBSCRIPTION)).toMatchObject({ waiting: 2, dead: 1 })
    expect(await second.link.deadLetters({ subscription: SUBSCRIPTION }, 0)).toHaveLength(1)
    await second.link.redrive({ subscription: SUBSCRIPTION })
    await publish(second, 'd')
    const third = await restart(second, after)
    expect(await drain(third.link)).toEqual(['b', 'c', 'a', 'd'])
  })

  test('a delayed message has the place of its moment, whether it came before or after', async () => {
    const first = await ready()
    await first.link.publish([message('late', { delay: 1_000 }), message('soon', { delay: 100 }), message('now')])
    first.clock.pass(500)
    await publish(first, 'then')
    const second = await restart(first, after)
    expect(await drain(second.link)).toEqual(['now', 'soon', 'then'])
    second.clock.pass(500)
    expect(await drain(second.link)).toEqual(['late'])
  })

  test('a key is held by what failed, and priorities are as they were', async () => {
    const discipline = { kind: 'priority', levels: 3, atLeast: 'exact' } as const
    const first = await ready({ spec: { discipline } })
    await first.link.publish([
      message('a', { key: 'k' }),
      message('b', { key: 'k', priority: 2 }),
      message('c', { priority: 1 }),
    ])
    const { deliveries } = await first.link.pull(first.source, 2)
    expect(idsOf(deliveries)).toEqual(['c', 'a'])
    await first.link.settle(first.source, {
      acks: [],
      others: [settleOne('retry', deliveries[1]?.token as number, 50)],
    })
    const second = await restart(first, after)
    const source = await open(second.link)
    expect(idsOf((await second.link.pull(source, 9)).deliveries)).toEqual(['c'])
    second.clock.pass(50)
    expect(idsOf((await second.link.pull(source, 9)).deliveries)).toEqual(['a'])
  })

  test('what was given back is not lost, one by one or with its source', async () => {
    const first = await ready()
    await publish(first, 'a', 'b')
    const { deliveries } = await first.link.pull(first.source, 2)
    await first.link.settle(first.source, { acks: [], others: [settleOne('release', deliveries[0]?.token as number)] })
    await first.link.closeSource(first.source)
    const second = await restart(first, after)
    const again = (await second.link.pull(await open(second.link), 2)).deliveries
    expect(again.map(({ losses }) => losses)).toEqual([0, 0])
  })

  test('time goes on, though the wall clock was put back', async () => {
    const first = await ready()
    await first.link.publish([message('late', { delay: 1_000 })])
    first.clock.ahead -= 10_000
    const second = await restart(first, after)
    second.clock.pass(999)
    expect(await drain(second.link)).toEqual([])
    second.clock.pass(1)
    expect(await drain(second.link)).toEqual(['late'])
  })

  test('a supplied id is still known', async () => {
    const first = await ready()
    const again = () => message('a', { idSupplied: true })
    expect(await first.link.publish([again(), again()])).toEqual([{ index: 1, kind: 'duplicate' }])
    const second = await restart(first, after)
    expect(await second.link.publish([again()])).toEqual([{ index: 0, kind: 'duplicate' }])
    second.clock.pass(60_000)
    expect(await second.link.publish([again()])).toEqual([])
    expect(await drain(second.link)).toEqual(['a', 'a'])
  })

  test('a lane is where it was', async () => {
    const first = await ready()
    const lane = { name: 'outbox', epoch: 3 }
    expect(await first.link.publishSequenced(lane, 1, [message('a'), message('b')])).toBe(2)
    const second = await restart(first, after)
    expect(await second.link.position('outbox')).toBe(2)
    expect(await second.link.publishSequenced({ name: 'outbox', epoch: 2 }, 3, [message('x')])).toBe(2)
    expect(await second.link.publishSequenced(lane, 2, [message('b'), message('c')])).toBe(3)
    expect(await drain(second.link)).toEqual(['a', 'b', 'c'])
  })

  test('a subscription that was removed stays away', async () => {
    const first = await ready()
    await publish(first, 'a')
    await first.link.removeSubscription(SUBSCRIPTION)
    expect(first.told).toContain(`ended ${first.source}: NOT_FOUND`)
    const second = await restart(first, after)
    expect(await second.link.subscriptions()).toEqual([])
    await second.link.declare([], [spec({ from: 'latest' })])
    await publish(second, 'b')
    expect(await drain(second.link)).toEqual(['b'])
  })
})

describe('within one life', () => {
  test('what a connection holds stays leased when it ends, and goes to the next generation of its consumer', async () => {
    const first = await bench()
    await first.link.declare([{ name: TOPIC, partitions: 1, retention: {} }], [spec()])
    await publish(first, 'a', 'b')
    const consumer = (generation: number) => ({ lease: LEASE, consumer: { id: 1, generation } })
    const { source } = await first.link.open(SUBSCRIPTION, consumer(1))
    const { deliveries } = await first.link.pull(source, 1)
    expect(idsOf(deliveries)).toEqual(['a'])
    await first.link.close()
    expect(first.folder.isOver).toBe(false)
    const next = await connect(first.folder, 'a')
    const other = await connect(first.folder, 'z')
    expect(idsOf((await other.pull(await open(other), 9)).deliveries)).toEqual(['b'])
    const opened = await next.open(SUBSCRIPTION, consumer(2))
    expect(opened.transferred).toBe(1)
    expect((await next.pull(opened.source, 9)).deliveries).toMatchObject([{ losses: 0, failures: 0 }])
  })

  test('the last one to give everything back closes the folder', async () => {
    const { link, source, folder } = await ready()
    await publish({ link }, 'a')
    await link.pull(source, 1)
    await link.closeSource(source)
    await link.close()
    await folder.over
    expect(folder.isOver).toBe(true)
  })
})

describe('where thousands wait', () => {
  /** Over several chunks of positions: some of one stand elsewhere, or have failed, or are dead, or not due yet; others are as they came. */
  async function thousands(checkpointBytes: number) {
    const setup = await ready({ checkpointBytes })
    const { link, source, clock } = setup
    const messages = Array.from({ length: 4_200 }, (_, index) => {
      const delay = index === 99 || index === 1_030 ? 1_000 : index === 40 ? 900_000 : 0
      return message(`m${index}`, { delay, ...(index % 1_000 === 7 ? { key: 'k' } : {}) })
    })
    await link.publish(messages.slice(0, 3_100))
    clock.pass(1_500)
    await link.publish(messages.slice(3_100))
    const { deliveries } = await link.pull(source, 3_000)
    const [retried, rejected, ...others] = deliveries.map(({ token }) => token)
    const kept = others.slice(1_000, 1_003)
    const acks = [...others.slice(0, 500), ...others.slice(600, 620)]
    const released = others.slice(1_003).map(token => settleOne('release', token))
    await link.settle(source, {
      acks,
      others: [settleOne('retry', retried as number), settleOne('reject', rejected as number), ...released],
    })
    await link.redrive({ subscription: SUBSCRIPTION })
    expect(kept).toHaveLength(3)
    return setup
  }

  test.each([1, 1_000_000_000])(
    'they come in the same order after it was opened anew: checkpoints after %d bytes',
    async bytes => {
      const [stayed, ended] = [await thousands(bytes), await thousands(bytes)]
      await stayed.link.closeSource(stayed.source)
      const expected = await drain(stayed.link)
      const opened = await restart(ended)
      expect(await opened.link.counts(SUBSCRIPTION)).toMatchObject({ waiting: expected.length, scheduled: 1 })
      expect(await drain(opened.link)).toEqual(expected)
      expect(expected.length).toBe(4_200 - 521)
    },
  )
})
