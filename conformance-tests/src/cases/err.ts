import { topic } from '@pluribus/core'
import { InjectedFault } from '@pluribus/core/testing'
import { all } from '../case/all.js'
import { type Behaviour, failOnce } from '../case/behaviour.js'
import { defineCases } from '../case/case.js'
import { check, equal, sameMembers } from '../case/expect.js'
import type { Sample } from '../case/sample.js'
import { untilAcked } from '../case/until-acked.js'

/** Where errors go. */
export const ERR = defineCases(
  {
    id: 'ERR-01',
    title: 'a publish that fails tells its own caller',
    promise: 'Of several publishes at once the one that fails rejects, and no other; observers are told of it alone.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const [broker, adapter] = await it.openBreakable()
      const told: string[] = []
      broker.on('message.failed', ({ id }) => told.push(id))
      const seen = await it.collect(broker, orders.subscription('billing'))
      const ids = ['one', 'two', 'three', 'four', 'five']
      const error = new InjectedFault('not for you', 'UNAUTHORIZED')
      adapter.failMessages(({ id }) => id === 'three', 'definite', { error })
      const results = await Promise.allSettled(ids.map((id, n) => broker.publish(orders, { n }, { id })))
      equal(
        results.map(({ status }) => status),
        ids.map(id => (id === 'three' ? 'rejected' : 'fulfilled')),
        'what the callers of five publishes are told',
      )
      const others = ids.filter(id => id !== 'three')
      await it.until(() => seen.acked.length === 4, { what: 'the four others to be acked' })
      equal([told, seen.ids], [['three'], others], 'what observers are told of as failed, and what is handed out')
    },
  },
  {
    id: 'ERR-02',
    title: 'trouble in the background is told, and needs no listener',
    promise:
      'A connection that breaks is reported with what it was and why; without anybody who listens the process lives, and goes on.',
    profile: 'full',
    budget: ({ recover }) => 2 * recover,
    async run(it) {
      for (const isObserved of [true, false]) {
        const orders = it.topic()
        const [broker, adapter] = await it.openBreakable()
        const seen = await it.collect(broker, orders.subscription('billing'))
        const told: unknown[] = []
        if (isObserved) {
          broker.on('connection.down', ({ generation, error }) => told.push(['connection', generation, error.code]))
          broker.on('consumer.down', ({ topic: of, subscription, error }) => told.push([of, subscription, error.code]))
        }
        adapter.cut()
        const isBack = () => adapter.generation === 2 && seen.handle.state === 'consuming'
        await it.until(isBack, { within: it.timing.recover, what: 'the consumer to be back' })
        await adapter.dispose()
        await it.publish(orders, 1)
        await it.until(() => seen.acked.length === 1, { what: 'a message to be acked after the connection had broken' })
        const expected = [
          ['connection', 1, 'UNAVAILABLE'],
          [orders.name, 'billing', 'UNAVAILABLE'],
        ]
        sameMembers(told, isObserved ? expected : [], 'what observers were told')
      }
    },
  },
  {
    id: 'ERR-03',
    title: 'an observer that throws disturbs nobody',
    promise: 'Listeners that throw or reject are contained: publishing, handling and other listeners go on.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const broker = await it.open()
      const names = ['message.published', 'delivery.started', 'delivery.retried', 'delivery.acked'] as const
      for (const name of names) {
        broker.on(name, () => {
          throw new Error(`a listener of ${name}`)
        })
        broker.on(name, async () => {
          throw new Error(`an asynchronous listener of ${name}`)
        })
      }
      const billing = orders.subscription('billing', { retry: { delays: [] } })
      const behaviour: Behaviour<Sample> = failOnce()
      const seen = await it.collect(broker, billing, behaviour)
      for (const n of [1, 2, 3]) await broker.publish(orders, { n })
      await untilAcked(it, 3, seen)
      sameMembers(seen.attempts, [1, 1, 1, 2, 2, 2], 'the attempts')
    },
  },
  {
    id: 'ERR-04',
    title: 'a pull that fails is no empty subscription',
    promise:
      'Where asking for messages fails, it is asked again: what waits is handed out although nobody publishes any more.',
    profile: 'full',
    budget: ({ recover }) => recover,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      await it.publish(orders, 3)
      const [broker, adapter] = await it.openBreakable()
      adapter.failBefore('pull', { times: 3 })
      const seen = await it.collect(broker, billing)
      const what = 'what waited to be acked after three pulls had failed'
      await it.until(() => seen.acked.length === 3, { within: it.timing.recover, what })
      check(adapter.calls('pull') > 3, `only ${adapter.calls('pull')} pulls were made, so that none failed`)
    },
  },
  {
    id: 'ERR-05',
    title: 'errors keep their cause and no secrets',
    promise:
      'An error has the native one as its cause; data, keys and headers of a message are in no error and no line of the log.',
    profile: 'full',
    budget: ({ recover }) => recover,
    async run(it) {
      const secret = 'tiger-4711'
      const orders = it.topic<{ password: unknown }>()
      const lines: string[] = []
      const log = (details: object, message: string) => void lines.push(message, said(details))
      const logger = { debug: log, info: log, warn: log, error: log }
      const [broker, adapter] = await it.openBreakable({ logger })
      const options = {
        headers: { authorization: secret },
        ...(it.capabilities.keys === 'none' ? {} : { key: secret }),
      }
      const errors: unknown[] = []
      const fails = async (data: { password: unknown }) =>
        errors.push(
          await broker.publish(orders, data, options).then(
            () => 'it was published',
            error => error,
          ),
        )
      const cause = new InjectedFault('not for you', 'UNAUTHORIZED')
      for (const outcome of ['definite', 'unknown'] as const) {
        const disarm = adapter.failMessages(() => true, outcome, { error: cause, stored: false })
        await fails({ password: secret })
        disarm()
      }
      await fails({ password: [secret, Number.NaN] })
      await fails({ password: new Map([[secret, secret]]) })
      for (const [index, error] of errors.entries()) {
        check(error instanceof Error, `publish ${index + 1} should have been rejected: ${error}`)
        if (index < 2)
          equal(causesOf(error).includes(cause), true, `whether error ${index + 1} has the native one as a cause`)
      }
      const text = [...errors.map(said), ...lines]
      equal(
        text.filter(line => line.includes(secret)),
        [],
        'the errors and lines of the log that contain the data, the key or a header',
      )
    },
  },
  {
    id: 'ERR-07',
    title: 'data that cannot be encoded is not sent',
    promise: 'Where the codec throws, the publish rejects as `ENCODING`, definitely; nothing has reached the broker.',
    profile: 'full',
    async run(it) {
      const broken = it.topic<Sample>({ codec: codecThat('encode') })
      const broker = await it.open()
      await broker.declare(broken.subscription('billing'))
      const error = await it.rejects('ENCODING', () => broker.publish(broken, { n: 1 }))
      equal(error.outcome, 'definite', 'what is known of the publish')
      const sent = it.history.events.filter(({ kind }) => kind === 'publish')
      equal(sent.length, 0, 'how many messages have reached the adapter')
    },
  },
  {
    id: 'ERR-08',
    title: 'data that cannot be decoded dies, and disturbs nobody',
    promise:
      'Where the codec throws as a handler reads the data, that message is dead as `UNDECODABLE`, after one run; the next one is handled.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const broken = topic<Sample>(orders.name, { codec: codecThat('decode') })
      const billing = broken.subscription('billing', { retry: { delays: [] } })
      const broker = await it.open()
      const seen = await it.collect(broker, billing, message => {
        if (message.headers.read === 'yes') void message.data
      })
      for (const read of ['yes', 'no', 'yes']) await broker.publish(orders, { n: 1 }, { headers: { read } })
      const isOver = () => seen.dead.length === 2 && seen.acked.length === 1
      await it.until(isOver, { what: 'two messages to be dead and one to be acked' })
      equal(seen.runs.length, 3, 'how many runs there were')
      const reasons = (await all(broker.deadLetters(billing))).map(({ reason }) => reason)
      equal(reasons, ['UNDECODABLE', 'UNDECODABLE'], 'the reasons of the dead letters')
    },
  },
  {
    id: 'ERR-09',
    title: 'a middleware that throws loses no message',
    promise:
      'Around a handler it is a failed run, before or after it; around a publish it is the rejection, and nothing is sent.',
    profile: 'full',
    async run(it) {
      const orders = it.topic()
      const refusal = new Error('not this one')
      const broker = await it.open({
        middleware: {
          publish: [
            async (draft, next) => {
              if ((draft.data as Sample).n === 2) throw refusal
              return next(draft)
            },
          ],
          handle: [
            async (_, { attempt }, next) => {
              if (attempt === 1) throw new Error('before')
              await next()
              if (attempt === 2) throw new Error('after')
            },
          ],
        },
      })
      const failures: unknown[] = []
      broker.on('delivery.retried', ({ attempt, error }) => failures.push([attempt, error.message]))
      const seen = await it.collect(broker, orders.subscription('billing', { retry: { delays: [] } }))
      const { id } = await broker.publish(orders, { n: 1 })
      const thrown: unknown = await broker.publish(orders, { n: 2 }).catch((error: unknown) => error)
      equal(thrown === refusal, true, 'whether the publish was rejected with the error of its middleware')
      await it.until(() => seen.acked.length === 1, { what: 'the first message to be acked' })
      const expected = [
        [1, 'before'],
        [2, 'after'],
      ]
      equal(
        [seen.ids, seen.attempts, failures],
        [[id, id], [2, 3], expected],
        'ids and attempts of the runs, and failures',
      )
    },
  },
)

/** A codec of which one half throws. */
function codecThat(half: 'encode' | 'decode') {
  const broken = () => {
    throw new Error(`it does not ${half}`)
  }
  return {
    contentType: 'application/json',
    encode: half === 'encode' ? broken : (data: Sample) => JSON.stringify(data),
    decode: half === 'decode' ? broken : () => ({ n: 0 }),
  }
}

function causesOf(error: unknown): readonly unknown[] {
  return error instanceof Error && error.cause !== undefined ? [error.cause, ...causesOf(error.cause)] : []
}

/** Everything that an error or a line says, its causes included. */
function said(value: unknown): string {
  if (!(value instanceof Error))
    return JSON.stringify(value, (_, part: unknown) => (part instanceof Error ? said(part) : part))
  const rest = JSON.stringify(value)
  return [value.name, value.message, value.stack, rest, value.cause === undefined ? '' : said(value.cause)].join('\n')
}
