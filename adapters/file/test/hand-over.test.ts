import { Lifetime } from '@pluribus/core/driver'
import { describe, expect, test } from 'vitest'
import { closed } from '../src/errors.js'
import { Farewell } from '../src/farewell.js'
import type { FolderLink } from '../src/folder.js'
import type { LocalFolder } from '../src/live/local-folder.js'
import { FilePublisher } from '../src/publisher.js'
import { FileSource } from '../src/source.js'
import {
  type Bench,
  failure,
  idsOf,
  LEASE,
  open,
  publish,
  ready,
  restart,
  SUBSCRIPTION,
  spec,
  TOPIC,
  topicSpec,
} from './kit.js'

const HOLD = 5_000

/** A connection of another process. */
const guestOf = (folder: LocalFolder, instance = 'guest'): Promise<FolderLink> =>
  folder.connect({ instance, isGuest: true }, { wake() {}, ended() {}, leaving() {}, lost() {} })

const consumer = (generation: number) => ({ lease: LEASE, consumer: { id: 1, generation } })

/** A folder of which another process has `pulled` messages in hand, and whose leader has closed it in good order. */
async function left(pulled: number): Promise<Bench> {
  const first = await ready()
  const guest = await guestOf(first.folder)
  const { source } = await guest.open(SUBSCRIPTION, consumer(1))
  await publish(first, 'a', 'b', 'c')
  await guest.pull(source, pulled)
  await first.link.closeSource(first.source)
  await first.link.close()
  await first.folder.over
  return first
}

describe('what another process has in hand when the one that leads closes the folder', () => {
  test('is kept for it by the next, and is handed out to it again, uncounted and first', async () => {
    const second = await restart(await left(2), 'process', { holdFor: HOLD })
    expect(await second.link.counts(SUBSCRIPTION)).toMatchObject({ waiting: 1, leased: 2 })
    const own = await open(second.link)
    expect(idsOf((await second.link.pull(own, 9)).deliveries)).toEqual(['c'])
    const guest = await guestOf(second.folder)
    const { source, transferred } = await guest.open(SUBSCRIPTION, consumer(2))
    expect(transferred).toBe(2)
    const { deliveries } = await guest.pull(source, 9)
    expect(idsOf(deliveries)).toEqual(['a', 'b'])
    expect(deliveries).toMatchObject([{ losses: 0, failures: 0 }, { losses: 0 }])
    const acks = deliveries.map(({ token }) => token)
    expect(await guest.settle(source, { acks, others: [] })).toEqual([])
    expect(await second.link.counts(SUBSCRIPTION)).toMatchObject({ waiting: 0, leased: 1 })
  })

  test('is kept as well after one that fell silent: the others may notice later', async () => {
    const first = await ready()
    const guest = await guestOf(first.folder)
    const { source } = await guest.open(SUBSCRIPTION, consumer(1))
    await publish(first, 'a')
    await guest.pull(source, 1)
    const second = await restart(first, 'process', { holdFor: HOLD, holdUnclosedFor: HOLD })
    const own = await open(second.link)
    expect(idsOf((await second.link.pull(own, 9)).deliveries)).toEqual([])
    second.clock.pass(HOLD)
    expect(idsOf((await second.link.pull(own, 9)).deliveries)).toEqual(['a'])
  })

  test('is lost when it has not come back in time, and is held against the message once', async () => {
    const second = await restart(await left(1), 'process', { holdFor: HOLD })
    const own = await open(second.link)
    expect(idsOf((await second.link.pull(own, 9)).deliveries)).toEqual(['b', 'c'])
    expect((await second.link.pull(own, 9)).dueIn).toBeCloseTo(HOLD, 0)
    second.clock.pass(HOLD)
    const { deliveries } = await second.link.pull(own, 9)
    expect(idsOf(deliveries)).toEqual(['a'])
    expect(deliveries).toMatchObject([{ losses: 1, marks: 0 }])
    const third = await restart(second, 'process', { instance: 'c', holdFor: HOLD })
    const again = await third.link.pull(await open(third.link), 1)
    expect(again.deliveries).toMatchObject([{ losses: 2 }])
  })

  test('keeps what is held against it, its mark and its key', async () => {
    const first = await ready()
    const guest = await guestOf(first.folder)
    const { source } = await guest.open(SUBSCRIPTION, consumer(1))
    await publish(first, 'a', 'b')
    const [a] = (await guest.pull(source, 1)).deliveries
    const retry = { kind: 'retry', token: a?.token as number, delay: 0, error: failure(1) } as const
    await guest.settle(source, { acks: [], others: [retry] })
    const [again] = (await guest.pull(source, 1)).deliveries
    await guest.mark(source, again?.token as number)
    await first.link.closeSource(first.source)
    await first.link.close()
    const second = await restart(first, 'process', { holdFor: HOLD })
    const heir = await guestOf(second.folder)
    const opened = await heir.open(SUBSCRIPTION, consumer(2))
    expect((await heir.pull(opened.source, 1)).deliveries).toMatchObject([{ failures: 1, losses: 0, marks: 0 }])
    await heir.close()
    second.clock.pass(LEASE)
    const { deliveries } = await second.link.pull(await open(second.link), 1)
    expect(idsOf(deliveries)).toEqual(['a'])
    expect(deliveries).toMatchObject([{ failures: 1, losses: 1, marks: 1 }])
  })

  test('is ready at once where the folder was not closed, or something was stored since', async () => {
    const first = await ready()
    const guest = await guestOf(first.folder)
    await publish(first, 'a', 'b', 'c')
    await guest.pull((await guest.open(SUBSCRIPTION, consumer(1))).source, 2)
    const crashed = await restart(first, 'process', { holdFor: HOLD })
    expect(idsOf((await crashed.link.pull(await open(crashed.link), 9)).deliveries)).toEqual(['a', 'b', 'c'])

    const second = await restart(await left(2), 'process', { holdFor: HOLD })
    await publish(second, 'd')
    const third = await restart(second, 'process', { instance: 'c', holdFor: HOLD })
    expect(idsOf((await third.link.pull(await open(third.link), 9)).deliveries)).toEqual(['a', 'b', 'c', 'd'])
  })

  test('of a subscription that is removed meanwhile is gone', async () => {
    const second = await restart(await left(2), 'process', { holdFor: HOLD })
    await second.link.removeSubscription(SUBSCRIPTION)
    await second.link.declare([topicSpec()], [spec({ from: 'latest' })])
    const guest = await guestOf(second.folder)
    expect((await guest.open(SUBSCRIPTION, consumer(2))).transferred).toBe(0)
  })
})

describe('a connection whose folder is about to be closed', () => {
  /** A link whose answers come when they are told to. */
  function slow() {
    const calls: string[] = []
    const answers: (() => void)[] = []
    const answered = <T>(name: string, value: T) => {
      calls.push(name)
      return new Promise<T>(resolve => answers.push(() => resolve(value)))
    }
    const link = {
      window: 1,
      publish: () => answered('publish', []),
      settle: () => answered('settle', []),
    } as unknown as FolderLink
    const [lifetime, farewell] = [new Lifetime(closed), new Farewell()]
    const source = new FileSource({ link, lifetime, farewell, source: 1, topic: TOPIC, transferred: 0, over() {} })
    return { calls, answers, lifetime, farewell, source, publisher: new FilePublisher(link, lifetime, farewell) }
  }

  test('asks for no batch more, and waits for what is under way', async () => {
    const { answers, farewell, source, publisher } = slow()
    const [publishing, settling] = [publisher.publish([]), source.settle({ acks: [7], others: [] })]
    expect(publisher.window).toBe(1)
    let isOver = false
    const said = farewell.say().then(() => {
      isOver = true
    })
    expect(publisher.window).toBe(0)
    answers[0]?.()
    await publishing
    expect(isOver).toBe(false)
    answers[1]?.()
    await settling
    await said
    expect(isOver).toBe(true)
  })

  test('keeps back what is settled then: it is not sent, and fails with the connection', async () => {
    const { calls, lifetime, farewell, source } = slow()
    await farewell.say()
    const settling = source.settle({ acks: [7], others: [] }).catch(error => error)
    // However many turns pass until it ends.
    await new Promise(resolve => setImmediate(resolve))
    expect(calls).toEqual([])
    lifetime.end()
    expect(await settling).toMatchObject({ code: 'CLOSED' })
    expect(calls).toEqual([])
  })
})
