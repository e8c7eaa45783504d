import type { Pulled } from '@pluribus/core/driver'
import { describe, expect, test } from 'vitest'
import { encode } from '../src/codec.js'
import { Keys } from '../src/keys.js'
import type { Link } from '../src/link.js'
import { CLAIM } from '../src/scripts/claim.js'
import type { Script } from '../src/scripts/script.js'
import { RENEW, WITHDRAW } from '../src/scripts/session.js'
import { SETTLE } from '../src/scripts/settle.js'
import { RedisSource } from '../src/source.js'
import { environment, idsOf, message, TOPIC } from './kit.js'
import { entriesOf } from './written.js'

interface Asked {
  readonly script: Script
  readonly args: readonly unknown[]
  answer(reply: readonly unknown[]): Promise<void>
}

const LEASE = 1_000
const entryOf = (position: number) => Buffer.from(entriesOf(encode([message(`m${position}`)]).entries)[0] as Uint8Array)

/** What publishing sends: `given` is the number of the last. */
function handOver(given: number, time: number, ...positions: readonly number[]): Buffer {
  const entries = positions.map(entryOf)
  const head = [given, time, 'c', positions[0], ...entries.map(({ length }) => length)].join(' ')
  return Buffer.concat([Buffer.from(`${head}\n`), ...entries])
}

/** What a claim answers that took these; `standing` and `given` as the server counts them. */
const claimed = (positions: readonly number[], { time = 0, standing = 8, given = 0, due = 500 }) => {
  const runs = positions.length === 0 ? '' : `${positions[0]} ${positions.at(-1)}`
  return ['OK', due, 0, '7', runs, [], [], positions.map(entryOf), time, standing, given]
}

/** A source whose server answers when the test says so, in an order that sockets might have. */
function bench() {
  const asked: Asked[] = []
  const clock = { time: 0 }
  let wakes = 0
  const run = (script: Script, _: readonly string[], args: readonly unknown[]) =>
    new Promise<readonly unknown[]>(resolve => {
      const answer = async (reply: readonly unknown[]) => {
        resolve(reply)
        await new Promise(setImmediate)
      }
      asked.push({ script, args, answer })
    })
  const own = environment()
  const subscription = { topic: TOPIC, name: 'billing' }
  const source = new RedisSource({
    link: { run } as unknown as Link,
    subscription,
    keys: new Keys('test').subscription(subscription),
    session: '1',
    holder: '',
    transferred: 0,
    lease: LEASE,
    over() {},
    environment: { ...own, clock: { ...own.clock, monotonic: () => clock.time } },
    events: { wake: () => void wakes++, lost() {}, ended() {} },
  })
  const last = () => asked.at(-1) as Asked
  /** A claim that has found nothing. */
  const dry = async () => {
    const pulling = source.pull(8)
    await last().answer(claimed([], {}))
    return pulling
  }
  return { source, clock, asked, last, dry, wakes: () => wakes }
}

const scripts = (asked: readonly Asked[]) => asked.map(({ script }) => script)
const idsIn = (pulled: Pulled) => idsOf(pulled.deliveries)

describe('what was handed over', () => {
  test('answers the next pull without the server, and says since when it is leased and when to look again', async () => {
    const { source, asked, clock, dry, wakes } = bench()
    await dry()
    clock.time = 30
    source.receive(handOver(2, 20, 1, 2))
    expect(wakes()).toBe(1)
    const pulled = await source.pull(8)
    expect(idsIn(pulled)).toEqual(['m1', 'm2'])
    expect(pulled).toMatchObject({ since: 20, dueIn: 470 })
    expect(asked).toHaveLength(1)
  })

  test('before a claim was answered stands before what that took, however late it comes', async () => {
    const { source, last, dry, asked } = bench()
    await dry()
    const pulling = source.pull(8)
    await last().answer(claimed([3, 4], { given: 2 }))
    source.receive(handOver(1, 0, 1))
    source.receive(handOver(2, 0, 2))
    expect(idsIn(await pulling)).toEqual(['m1', 'm2', 'm3', 'm4'])
    expect(asked).toHaveLength(2)
  })

  test('after a claim, and sooner here than its answer, waits for the next pull', async () => {
    const { source, last, dry } = bench()
    await dry()
    const pulling = source.pull(8)
    source.receive(handOver(1, 0, 1))
    source.receive(handOver(2, 0, 4))
    await last().answer(claimed([2, 3], { given: 1 }))
    expect(idsIn(await pulling)).toEqual(['m1', 'm2', 'm3'])
    expect(idsIn(await source.pull(8))).toEqual(['m4'])
  })

  test('and seen is said with the next claim, so that what is on its way is not claimed twice over', async () => {
    const { source, last, dry } = bench()
    await dry()
    source.receive(handOver(2, 0, 1, 2))
    await source.pull(8)
    source.wake(Buffer.from(''))
    void source.pull(8)
    expect(last().args.slice(1)).toEqual([8, expect.any(Number), expect.any(Number), 2])
  })

  test('is all that a pull brings where somebody has said that there is something else: then it says more', async () => {
    const { source, dry } = bench()
    await dry()
    source.wake(Buffer.from('shipping'))
    source.receive(handOver(1, 0, 1))
    expect((await source.pull(8)).more).toBeUndefined()
    source.wake(Buffer.from('billing'))
    source.receive(handOver(2, 0, 2))
    expect(await source.pull(8)).toMatchObject({ more: true })
  })

  test('says more before what stands is used up', async () => {
    const { source, dry } = bench()
    await dry()
    const more: (boolean | undefined)[] = []
    for (let given = 1; given <= 8; given++) {
      source.receive(handOver(given, 0, given))
      more.push((await source.pull(8)).more)
    }
    expect(more).toEqual([...Array(4).fill(undefined), ...Array(4).fill(true)])
  })

  test('some time ago is renewed first, and what is lost is left out', async () => {
    const { source, last, clock, dry } = bench()
    await dry()
    clock.time = 150
    source.receive(handOver(2, 10, 1, 2))
    const pulling = source.pull(8)
    expect([last().script, last().args]).toEqual([RENEW, [LEASE, '1 2 c ']])
    clock.time = 160
    await last().answer(['OK', 0])
    const pulled = await pulling
    expect(idsIn(pulled)).toEqual(['m2'])
    expect(pulled).toMatchObject({ since: 150, more: true })
  })

  test('is given back where it is more than is wanted, or nobody pulls it in this turn', async () => {
    const { source, asked, last, dry } = bench()
    await dry()
    source.receive(handOver(2, 0, 1, 2))
    expect(idsIn(await source.pull(1))).toEqual(['m1'])
    expect(last().args).toEqual(['', 'release', 2, 'c'])
    source.receive(handOver(3, 0, 3))
    await new Promise(setImmediate)
    expect(scripts(asked)).toEqual([CLAIM, SETTLE, WITHDRAW, SETTLE])
  })

  test('and never comes holds a pull up no longer than its source lasts', async () => {
    const { source, last, dry } = bench()
    await dry()
    const pulling = source.pull(8)
    await last().answer(claimed([], { given: 1 }))
    source.abandon()
    await expect(pulling).rejects.toMatchObject({ code: 'CLOSED' })
  })
})
