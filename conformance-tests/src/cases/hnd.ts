import type { Topic } from '@pluribus/core'
import { type Behaviour, never } from '../case/behaviour.js'
import { defineCases } from '../case/case.js'
import { between, check, equal, sameMembers } from '../case/expect.js'
import { type Fate, fatesOf, type Oddities } from '../case/fates.js'
import { patience } from '../case/patience.js'
import type { Sample } from '../case/sample.js'
import { BAD_THENABLES, GOOD_THENABLES, REASONS, RESULTS, TRAPS } from './hnd-oddities.js'

/** What handlers do. */
export const HND = defineCases(
  {
    id: 'HND-01',
    title: 'whatever a handler returns is an ack, unless it is an outcome',
    promise:
      'A handler that ends without throwing has handled its message, synchronous or not, whatever value it leaves.',
    profile: 'core',
    async run(it) {
      const fates = await fatesOf(it, RESULTS)
      for (const [name, { end, errors }] of Object.entries(fates)) {
        equal([end, errors.length], ['acked', 0], `end and failed runs where a handler returns ${name}`)
      }
    },
  },
  {
    id: 'HND-02',
    title: 'a throw, a rejection and a late rejection are failed runs',
    promise: 'However a handler fails, the message is tried again, and its error is kept.',
    profile: 'core',
    async run(it) {
      const failed = () => {
        throw new Error('failed')
      }
      const fates = await fatesOf(it, {
        'throws at once': failed,
        'rejects at once': () => Promise.reject(new Error('failed')),
        'rejects a moment later': async () => {
          await Promise.resolve()
          failed()
        },
        'rejects after a while': async () => {
          await it.elapse(it.timing.timeout / 10)
          failed()
        },
      })
      failedOnce(fates, 'a handler')
      for (const [name, { errors }] of Object.entries(fates)) {
        equal(errors[0]?.message, 'failed', `the error where a handler ${name}`)
      }
    },
  },
  {
    id: 'HND-03',
    title: 'anything may be thrown',
    promise: 'Whatever a handler throws, an error or not, is one failed run with a reason that can be stored.',
    profile: 'core',
    async run(it) {
      failedOnce(await fatesOf(it, thrown(REASONS)), 'a handler throws')
      failedOnce(await fatesOf(it, rejected(REASONS)), 'a handler rejects with')
    },
  },
  {
    id: 'HND-04',
    title: 'what is thrown may fight back',
    promise: 'Errors whose members throw, and proxies that throw at every touch, are failed runs like any other.',
    profile: 'full',
    async run(it) {
      failedOnce(await fatesOf(it, thrown(TRAPS)), 'a handler throws')
      failedOnce(await fatesOf(it, rejected(TRAPS)), 'a handler rejects with')
    },
  },
  {
    id: 'HND-05',
    title: 'a thenable settles once, whatever it does',
    promise:
      'What a returned thenable says first counts; one that never says anything has failed when its timeout is over.',
    profile: 'full',
    budget: ({ timeout }) => 2 * timeout,
    async run(it) {
      const { timeout, arrive } = it.timing
      for (const [name, { end, errors }] of Object.entries(await fatesOf(it, GOOD_THENABLES))) {
        equal([end, errors.length], ['acked', 0], `end and failed runs where a handler returns ${name}`)
      }
      const within = 2 * timeout + arrive
      failedOnce(await fatesOf(it, BAD_THENABLES, { timeout, grace: timeout, within }), 'a handler returns')
    },
  },
  {
    id: 'HND-06',
    title: 'a handler that takes too long is told, and has failed',
    promise:
      'When the timeout is over the signal fires and the run has failed, whatever the handler says later; the next run begins when it has ended.',
    profile: 'core',
    budget: ({ timeout, redeliver }) => 2 * timeout + redeliver,
    async run(it) {
      const { timeout, arrive, redeliver } = it.timing
      const orders = it.topic()
      const retry = { attempts: 2, delays: [] }
      const billing = orders.subscription('billing', { timeout, grace: patience(it), retry })
      const broker = await it.open()
      const told: unknown[] = []
      broker.on('delivery.retried', ({ attempt, error }) => told.push([attempt, error.code]))
      let aborted = 0
      const behaviour: Behaviour<Sample> = async (_, { attempt, signal }) => {
        if (attempt > 1) return
        await new Promise(resolve => signal.addEventListener('abort', resolve))
        aborted = it.clock.monotonic()
        await it.elapse(timeout / 4)
      }
      const seen = await it.collect(broker, billing, behaviour)
      await it.publish(orders, 1)
      const within = arrive + 2 * timeout + redeliver
      await it.until(() => seen.acked.length === 1, { within, what: 'the message to be acked on attempt 2' })
      equal([seen.attempts, told], [[1, 2], [[1, 'TIMEOUT']]], 'the attempts, and the failures that were told')
      const [first, second] = seen.runs
      between(aborted - (first?.startedAt ?? 0), timeout, timeout + arrive, 'milliseconds until the signal fired')
      const overlap = (first?.endedAt ?? 0) - (second?.startedAt ?? 0)
      check(overlap <= 0, `the second run began ${overlap} ms before the first had ended`)
    },
  },
  {
    id: 'HND-07',
    title: 'a handler that never ends loses its slot, and does not keep anybody from closing',
    promise:
      'When timeout and grace are over its slot is free for others; closing waits for it as long as the drain says.',
    profile: 'core',
    budget: ({ timeout, close }) => 3 * timeout + close,
    async run(it) {
      const { timeout, arrive, close } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout, grace: timeout, retry: { attempts: 1 } })
      const broker = await it.open()
      const abandoned: string[] = []
      broker.on('handler.abandoned', ({ id }) => abandoned.push(id))
      const seen = await it.collect(broker, billing, ({ data }) => (data.n === 1 ? never : undefined))
      const ids = await it.publish(orders, 2)
      const within = arrive + 2 * timeout
      await it.until(() => seen.acked.length === 1, { within, what: 'message 2 to be run in the slot of message 1' })
      equal([abandoned, seen.dead], [[ids[0]], [ids[0]]], 'what was abandoned, and what is dead')
      await it.publish(orders, 1)
      await it.until(() => seen.running === 2, { what: 'another handler that never ends to begin' })
      const since = it.clock.monotonic()
      const drain = timeout / 4
      await broker.close({ drain })
      between(it.clock.monotonic() - since, 0, drain + close, 'milliseconds that closing took')
    },
  },
  {
    id: 'HND-10',
    title: 'a handler that blocks its process harms nobody for good',
    promise:
      'Where a handler blocks the event loop beyond every heartbeat, others go on meanwhile, and its process does so afterwards.',
    profile: 'full',
    needs: { not: 'durability:memory' },
    hooks: ['children'],
    budget: ({ lease, recover, arrive }) => 4 * lease + 3 * recover + arrive,
    async run(it) {
      const { lease, recover } = it.timing
      const orders = it.topic()
      const billing = orders.subscription('billing', { timeout: patience(it) })
      const blocked = await it.child()
      await blocked.subscribe(billing, { does: 'block', on: 1 })
      const publisher = await it.open()
      // The first is the only one of its number: the others block nobody.
      const publish = async (n: number) => (await publisher.publish(orders, { n })).id
      const ids = [await publish(1)]
      await it.until(() => blocked.runs.length === 1, { what: 'the handler to begin that blocks its process' })
      const other = await it.collect(await it.open(), billing)
      for (let n = 2; n <= 11; n++) ids.push(await publish(n))
      const acked = () => new Set([...blocked.acked, ...other.acked])
      const within = 3 * lease + 2 * recover
      await it.until(() => acked().size === 11, { within, what: 'eleven messages to be acked by one or the other' })
      sameMembers([...acked()], ids, 'what was acked')
      await other.broker.close()
      const later = await publish(12)
      const what = 'a message to be acked by the process that had been blocked'
      await it.until(() => blocked.acked.includes(later), { within: recover + 3 * lease, what })
    },
  },
  {
    id: 'HND-12',
    title: 'handlers may publish to their own topic, hundreds deep',
    promise: 'Each message that causes the next one is handled, and the chain of causes leads back to the first.',
    profile: 'full',
    budget: ({ arrive }) => 10 * arrive,
    async run(it) {
      const orders = it.topic()
      const depth = it.size(300)
      const behaviour: Behaviour<Sample> = async ({ data }, context) => {
        if (data.n < depth) await context.publish(orders, { n: data.n + 1 })
      }
      const seen = await it.collect(await it.open(), orders.subscription('billing'), behaviour, { concurrency: 4 })
      const [root] = await it.publish(orders, 1)
      const within = 10 * it.timing.arrive
      await it.until(() => seen.acked.length === depth, { within, what: `a chain of ${depth} messages to be acked` })
      const chain = seen.runs.map(({ message }) => [message.causationId, message.correlationId])
      const expected = seen.ids.map((_, index) => [index === 0 ? undefined : seen.ids[index - 1], root])
      equal(chain, expected, 'cause and root of each message')
    },
  },
  {
    id: 'HND-14',
    title: 'handlers at the same time do not take each other for a cause',
    promise: 'What a handler publishes names the message that it handles, however many others run beside it.',
    profile: 'full',
    budget: ({ delay, arrive }) => 5 * delay + arrive,
    async run(it) {
      const orders = it.topic()
      const children: Topic<Sample> = it.topic()
      const count = it.size(40)
      const broker = await it.open()
      const born = await it.collect(broker, children.subscription('log'))
      const behaviour: Behaviour<Sample> = async ({ data }) => {
        await it.elapse(it.random() * it.timing.delay)
        await broker.publish(children, { n: data.n })
        await it.elapse(it.random() * it.timing.delay)
      }
      const billing = orders.subscription('billing', { timeout: patience(it) })
      const parents = await it.collect(broker, billing, behaviour, { concurrency: 10 })
      const ids = await it.publish(orders, count)
      const within = it.timing.arrive + (count / 5) * it.timing.delay
      const isOver = () => born.acked.length === count && parents.acked.length === count
      await it.until(isOver, { within, what: `${count} messages and their children to be acked` })
      for (const { message } of born.runs) {
        const parent = ids[(message.data as Sample).n - 1]
        equal([message.causationId, message.correlationId], [parent, parent], 'cause and root of a child')
      }
    },
  },
  {
    id: 'HND-15',
    title: 'a function that is returned was meant to be called',
    promise: '`return retry`, without the call, must not pass for success: it is a failed run that says so.',
    profile: 'full',
    async run(it) {
      const fates = await fatesOf(it, { 'a function': () => () => {}, 'a promise of one': async () => () => {} })
      failedOnce(fates, 'a handler returns')
      for (const { errors } of Object.values(fates)) {
        check(errors[0]?.message.includes('function') === true, `the error does not name it: ${errors[0]?.message}`)
      }
    },
  },
)

/** Each oddity as something that is thrown. */
const thrown = (values: Oddities): Oddities =>
  mapped(values, value => () => {
    throw value()
  })

const rejected = (values: Oddities): Oddities =>
  mapped(values, value => async () => {
    await Promise.resolve()
    throw value()
  })

const mapped = (values: Oddities, to: (value: () => unknown) => () => unknown): Oddities =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, to(value)]))

/** All of them are acked on attempt 2, after one failed run whose error is plain data. */
function failedOnce(fates: Readonly<Record<string, Fate>>, what: string): void {
  for (const [name, { end, errors }] of Object.entries(fates)) {
    const where = `where ${what} ${name}`
    equal([end, errors.length], ['acked', 1], `end and failed runs ${where}`)
    const [error] = errors
    equal(JSON.parse(JSON.stringify(error)), { ...error }, `the error as JSON ${where}`)
    equal([typeof error?.name, typeof error?.message], ['string', 'string'], `name and message of the error ${where}`)
  }
}
