import { defineCases } from '../case/case.js'
import type { CaseContext } from '../case/context.js'
import { check, equal, sameMembers } from '../case/expect.js'
import { patience } from '../case/patience.js'
import { untilAcked } from '../case/until-acked.js'
import { upTo } from '../case/up-to.js'
import { KEY_MORE } from './key-more.js'

/** Keys that a careless comparison, pattern, number or encoding would take for each other. */
const LOOK_ALIKES = [
  ...[
    '',
    ' ',
    '0',
    '00',
    '-0',
    '1',
    '1.0',
    '1e0',
    'null',
    'undefined',
    'a',
    'A',
    'a ',
    ' a',
    'a.b',
    'a*',
    'a>',
    'a:b',
    'a_b',
  ],
  ...['é', 'e\u0301', 'ß', 'ss', '𝄞', '✓', '__proto__', 'constructor', '%00', '\\0', "'", '"', '{}', '[]'],
  ...['x'.repeat(999), 'x'.repeat(1_000)],
]

/** Ordering keys. */
export const KEY = defineCases(
  {
    id: 'KEY-01',
    title: 'sixteen keys keep their order over four processes',
    promise: 'Messages of one key are run in the order of publishing, whichever processes run them.',
    profile: 'core',
    needs: { not: 'keys:none' },
    refusal: 'REF-keys',
    proves: ['competing:partition'],
    async run(it) {
      const orders = it.topic({ partitions: 4 })
      const billing = orders.subscription('billing')
      const count = it.size(320)
      const begun = new Map<string, number[]>()
      const seen = await Promise.all(
        upTo(4).map(async () => {
          const behaviour = ({
            key = '',
            data,
          }: {
            readonly key: string | undefined
            readonly data: { n: number }
          }) => {
            begun.set(key, [...(begun.get(key) ?? []), data.n])
            return it.elapse(it.random() * (it.timing.delay / 20))
          }
          return it.collect(await it.open(), billing, behaviour, { concurrency: 4 })
        }),
      )
      await it.publish(orders, count, n => ({ key: `k${n % 16}` }))
      await untilAcked(it, count, ...seen)
      for (const [key, numbers] of begun) {
        const expected = upTo(count).filter(n => `k${n % 16}` === key)
        equal(numbers, expected, `the order of the runs of key ${key}`)
      }
      equal(begun.size, 16, 'the keys that came')
    },
  },
  {
    id: 'KEY-02',
    title: 'one at a time of each key, and all keys at once',
    promise: 'Of one key there is never more than one run at a time; different keys run side by side.',
    profile: 'core',
    needs: { not: 'keys:none' },
    refusal: 'REF-keys',
    async run(it) {
      const { orders, gate, seen } = await atGate(it, 8)
      // All of a key stand next to each other: eight keys are only found by looking past them.
      await it.publish(orders, 24, n => ({ key: `k${Math.ceil(n / 3)}` }))
      await it.until(() => seen.running === 8, { what: 'eight keys to run side by side' })
      await it.elapse(it.timing.quiet)
      equal(
        seen.numbers,
        upTo(8).map(key => 3 * key - 2),
        'what runs while nothing has ended: the first of each key',
      )
      gate.open()
      await untilAcked(it, 24, seen)
    },
  },
  {
    id: 'KEY-03',
    title: 'a slow key holds up nobody else',
    promise: 'While one message of a key runs, those of the same key wait, and all the others go on.',
    profile: 'core',
    needs: { not: 'keys:none' },
    refusal: 'REF-keys',
    async run(it) {
      const orders = it.topic()
      const gate = it.gate()
      const seen = await it.collect(
        await it.open(),
        orders.subscription('billing'),
        ({ key }) => (key === 'slow' ? gate.pass() : undefined),
        { concurrency: 2 },
      )
      await it.publish(orders, 30, n => ({ key: n % 10 === 1 ? 'slow' : `k${n}` }))
      await it.until(() => seen.acked.length === 27, { what: 'all 27 messages of other keys to be acked' })
      equal(seen.runs.filter(({ message }) => message.key === 'slow').length, 1, 'runs of the slow key')
      gate.open()
      await untilAcked(it, 30, seen)
    },
  },
  {
    id: 'KEY-06',
    title: 'keys are taken as they are',
    promise: 'Any two keys that differ are two keys: nothing is trimmed, folded, normalised, parsed or cut off.',
    profile: 'full',
    needs: { not: 'keys:none' },
    refusal: 'REF-keys',
    async run(it) {
      const count = LOOK_ALIKES.length
      const { orders, gate, seen } = await atGate(it, count)
      await it.publish(orders, count, n => ({ key: LOOK_ALIKES[n - 1] }))
      await it.until(() => seen.running === count, { what: `all ${count} keys to run side by side` })
      gate.open()
      await untilAcked(it, count, seen)
      sameMembers(
        seen.runs.map(({ message }) => message.key),
        LOOK_ALIKES,
        'the keys that handlers were given',
      )
    },
  },
  {
    id: 'KEY-07',
    title: 'what has no key waits for nobody',
    promise: 'Messages without a key run side by side, also with those that have one: they are not of one key.',
    profile: 'full',
    async run(it) {
      const { orders, gate, seen } = await atGate(it, 8)
      await it.publish(orders, 8)
      await it.until(() => seen.running === 8, { what: 'eight messages without a key to run side by side' })
      gate.open()
      await untilAcked(it, 8, seen)
    },
  },
  {
    id: 'KEY-08',
    title: 'hundreds of keys leave nothing behind',
    promise: 'A key that has been used is free again, however many there are.',
    profile: 'full',
    needs: { not: 'keys:none' },
    refusal: 'REF-keys',
    async run(it) {
      const orders = it.topic()
      const keys = it.size(200)
      const seen = await it.collect(await it.open(), orders.subscription('billing'), () => undefined, {
        concurrency: 16,
      })
      for (const round of upTo(3)) {
        await it.publish(orders, keys, n => ({ key: `k${n}` }))
        await untilAcked(it, round * keys, seen)
      }
    },
  },
  {
    id: 'KEY-09',
    title: 'two publishers put a key in one place',
    promise: 'The partition of a key is decided by the key alone, so that its order holds whoever publishes.',
    profile: 'full',
    needs: { not: 'keys:none' },
    refusal: 'REF-keys',
    async run(it) {
      const orders = it.topic({ partitions: 8 })
      const count = it.size(80)
      const publishers = await Promise.all(upTo(2).map(() => it.open()))
      for (const n of upTo(count)) {
        const publisher = publishers[n % 2]
        check(publisher !== undefined, 'there is no publisher')
        await publisher.publish(orders, { n }, { key: `k${Math.ceil(n / 2) % 8}` })
      }
      const billing = orders.subscription('billing', { timeout: patience(it) })
      const seen = await it.collect(await it.open(), billing, undefined, { concurrency: 8 })
      await untilAcked(it, count, seen)
      for (const key of upTo(8).map(n => `k${n % 8}`)) {
        const numbers = seen.runs.filter(({ message }) => message.key === key).map(({ message }) => message.data)
        const expected = upTo(count).filter(n => `k${Math.ceil(n / 2) % 8}` === key)
        equal(
          numbers,
          expected.map(n => ({ n })),
          `the order of the runs of key ${key}`,
        )
      }
    },
  },
  ...KEY_MORE,
)

/** A consumer whose handlers wait at a gate, so many at once. */
async function atGate(it: CaseContext, concurrency: number) {
  const orders = it.topic()
  const gate = it.gate()
  const seen = await it.collect(await it.open(), orders.subscription('billing'), () => gate.pass(), { concurrency })
  return { orders, gate, seen }
}
