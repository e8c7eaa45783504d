import { bytes, DEAD_REASONS, fifo, isPluribusError, lifo, priority, topic } from '@pluribus/core'
import type { Discipline } from '@pluribus/core/driver'
import { all } from '../case/all.js'
import { defineCases } from '../case/case.js'
import type { CaseContext } from '../case/context.js'
import { check, equal, sameMembers } from '../case/expect.js'
import { type ComesBefore, handedOutInOrder } from '../case/handed-out-in-order.js'
import { randomBelow, randomBytes } from '../case/random.js'
import type { Sample } from '../case/sample.js'
import { untilAcked } from '../case/until-acked.js'
import { upTo } from '../case/up-to.js'
import { randomOptions } from '../models/random-options.js'
import { forSequences } from '../models/sequences.js'
import { WindowModel } from '../models/window-model.js'

/** Two publishers and two consumers at once, in one discipline. */
async function raceIn(it: CaseContext, discipline: Discipline, comesBefore: ComesBefore): Promise<void> {
  const orders = it.topic()
  const billing = orders.subscription('billing', { discipline })
  const each = it.size(30)
  const pause = () => it.elapse(it.random() * (it.timing.delay / 50))
  const options = { prefetch: 0 }
  const seen = await Promise.all(upTo(2).map(async () => it.collect(await it.open(), billing, pause, options)))
  await Promise.all(
    upTo(2).map(async () => {
      const publisher = await it.open()
      for (const n of upTo(each)) {
        await publisher.publish(orders, { n }, discipline.kind === 'priority' ? { priority: n % 2 } : {})
        if (it.random() < 0.5) await pause()
      }
    }),
  )
  await untilAcked(it, 2 * each, ...seen)
  handedOutInOrder(it, billing, comesBefore)
}

/** Random sequences of other kinds. */
export const PBT_MORE = defineCases(
  {
    id: 'PBT-04',
    title: 'two publishers and two consumers see one order',
    promise: 'With several at once on both sides, each pull gives what comes next of all that was surely stored.',
    profile: 'full',
    needs: ['competing:message', 'fifo:exact', 'lifo:exact', 'priority:exact'],
    async run(it) {
      await raceIn(it, fifo(), (one, other) => one.resolved < other.invoked)
      await raceIn(it, lifo(), (one, other) => one.invoked > other.resolved)
      await raceIn(it, priority({ levels: 2 }), (one, other) =>
        one.priority === other.priority ? one.resolved < other.invoked : one.priority > other.priority,
      )
    },
  },
  {
    id: 'PBT-05',
    title: 'attempts and deaths are as many as failures say',
    promise: 'A message that fails f times of n allowed is run f + 1 times and acked, or n times and dead.',
    profile: 'full',
    async run(it) {
      for (const attempts of [1, 2, 4]) {
        const orders = it.topic()
        const broker = await it.open()
        const count = it.size(40)
        const failures = upTo(count).map(() => randomBelow(it, attempts + 2))
        const billing = orders.subscription('billing', { retry: { attempts, delays: [] } })
        const behaviour = ({ data }: { readonly data: Sample }, { attempt }: { readonly attempt: number }) => {
          if (attempt <= (failures[data.n - 1] ?? 0)) throw new Error('not yet')
        }
        const seen = await it.collect(broker, billing, behaviour, { concurrency: 3 })
        const ids = await it.publish(orders, count)
        const within = 3 * it.timing.arrive
        await it.until(() => seen.acked.length + seen.dead.length === count, {
          within,
          what: 'each to be acked or dead',
        })
        const expected = failures.map(failed => Math.min(failed + 1, attempts))
        const runs = ids.map(id => seen.runsOf(id).length)
        equal(runs, expected, `runs of each message where ${attempts} attempts are allowed`)
        const dead = await all(broker.deadLetters(billing))
        const doomed = ids.filter((_, index) => (failures[index] ?? 0) >= attempts)
        sameMembers(
          dead.map(({ message }) => message.id),
          doomed,
          `the dead letters where ${attempts} attempts are allowed`,
        )
      }
    },
  },
  {
    id: 'PBT-06',
    title: 'an id is remembered for the window, and not for ever',
    promise: 'Publishing an id twice within the window stores it once; after the window it is stored again.',
    profile: 'full',
    needs: { any: ['deduplication:supplied', 'deduplication:all'] },
    hooks: ['virtual-time'],
    budget: () => Number.MAX_SAFE_INTEGER / 1_000,
    async run(it) {
      const { deduplication } = it.capabilities
      check(deduplication !== 'none', 'there is no de-duplication')
      const broker = await it.open()
      const kinds = ['publish', 'publish', 'publish', 'elapse'] as const
      await forSequences(it, { runs: it.size(10), length: 30, kinds }, async steps => {
        const orders = it.topic()
        const model = new WindowModel(deduplication.window, it.capabilities.delayTick)
        for (const { do: what, a, b } of steps) {
          if (what === 'elapse') {
            await it.elapse((deduplication.window * (1 + (a % 7))) / 5)
            continue
          }
          const id = `id-${b % 3}-${orders.name}`
          const now = it.clock.monotonic()
          const { duplicate } = await broker.publish(orders, { n: a }, { id })
          const legal = model.publish(id, now, duplicate)
          check(legal.includes(duplicate), `${id} was ${duplicate ? 'suppressed' : 'stored'}, and must not have been`)
        }
      })
    },
  },
  {
    id: 'PBT-09',
    title: 'options are taken if and only if they are legal',
    promise: 'Any combination of legal options is accepted; with one illegal among them nothing is stored.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      for (const n of upTo(it.size(150))) {
        const { options, illegal } = randomOptions(it, `${orders.name}-${n}`)
        const error = await broker.publish(orders, { n }, options as object).then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
        const shown = JSON.stringify(options)
        if (illegal.length === 0) {
          check(error === undefined, `legal options were refused: ${shown}: ${String(error)}`)
        } else {
          check(error !== undefined, `${illegal.join(', ')} is illegal, and was taken: ${shown}`)
          const isTyped = isPluribusError(error, 'INVALID_ARGUMENT') && error.outcome !== 'unknown'
          check(isTyped, `illegal options, ${shown}, were refused by ${String(error)}`)
        }
      }
    },
  },
  {
    id: 'PBT-10',
    title: 'random bytes are read, or dead',
    promise:
      'Whatever bytes stand where JSON should: the message is read or dead-lettered as undecodable, and the next one comes.',
    profile: 'full',
    async run(it) {
      const orders = it.topic<unknown>()
      const broker = await it.open()
      const garbage = topic<Uint8Array>(orders.name, { codec: { ...bytes, contentType: orders.codec.contentType } })
      const billing = orders.subscription('billing')
      const seen = await it.collect(broker, billing, message => {
        JSON.stringify(message.data)
      })
      const count = it.size(100)
      for (const n of upTo(count)) {
        const text = JSON.stringify({ n, list: [n, String(n)] })
        const length = randomBelow(it, 40)
        const random = randomBytes(it, length)
        const cut = Buffer.from(text).subarray(0, Math.ceil(it.random() * text.length))
        await broker.publish(garbage, n % 3 === 0 ? random : n % 3 === 1 ? cut : Buffer.from(text))
      }
      const within = 3 * it.timing.arrive
      await it.until(() => seen.acked.length + seen.dead.length === count, { within, what: 'each to be acked or dead' })
      const reasons = new Set((await all(broker.deadLetters(billing))).map(({ reason }) => reason))
      equal([...reasons], [DEAD_REASONS.UNDECODABLE], 'the reasons of the dead letters')
      check(seen.acked.length >= Math.floor(count / 3), 'some that were whole have not been read')
    },
  },
)
