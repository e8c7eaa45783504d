import { type Broker, createBroker, isPluribusError, type Subscription, type Topic } from '@pluribus/core'
import { all } from '../case/all.js'
import { defineCases } from '../case/case.js'
import { between, check, equal } from '../case/expect.js'
import type { Sample } from '../case/sample.js'

/** Everything that can be asked of a broker. */
const METHODS: Readonly<
  Record<string, (broker: Broker, topic: Topic<Sample>, billing: Subscription<Sample>) => unknown>
> = {
  publish: (broker, topic) => broker.publish(topic, { n: 1 }),
  publishMany: (broker, topic) => broker.publishMany(topic, [{ data: { n: 1 } }]),
  subscribe: (broker, _, billing) => broker.subscribe(billing, () => {}),
  declare: (broker, topic) => broker.declare(topic),
  check: (broker, _, billing) => broker.check(billing),
  history: (broker, topic) => all(broker.history(topic)),
  deadLetters: (broker, _, billing) => all(broker.deadLetters(billing)),
  redrive: (broker, _, billing) => broker.redrive(billing),
  discard: (broker, _, billing) => broker.discard(billing),
  counts: (broker, _, billing) => broker.counts(billing),
  remove: (broker, _, billing) => broker.remove(billing),
  on: broker => broker.on('delivery.acked', () => {}),
}

/** How a call ends: the code of its error, or nothing. */
const endOf = (call: () => unknown): Promise<string> =>
  Promise.resolve()
    .then(call)
    .then(
      () => 'resolved',
      (error: unknown) => (isPluribusError(error) ? error.code : String(error)),
    )

/** Closing. */
export const LIF_CLOSING = defineCases(
  {
    id: 'LIF-05',
    title: 'closing twice is closing once',
    promise: 'close() may be called again, at once or later, and always ends the same way.',
    profile: 'core',
    async run(it) {
      const broker = await it.open()
      const seen = await it.collect(broker, it.topic().subscription('billing'))
      await Promise.all([seen.close(), seen.close()])
      await seen.close()
      await Promise.all([broker.close(), broker.close({ drain: 0 }), broker[Symbol.asyncDispose]()])
      await broker.close()
      equal(seen.handle.state, 'closed', 'the state of the consumer')
    },
  },
  {
    id: 'LIF-06',
    title: 'a closed broker refuses everything',
    promise: 'Every call on a closed broker ends with CLOSED.',
    profile: 'core',
    async run(it) {
      const broker = await it.open()
      const topic = it.topic()
      await broker.declare(topic, topic.subscription('billing'))
      await broker.close()
      const offered = Object.getOwnPropertyNames(Object.getPrototypeOf(broker))
      const others = ['constructor', 'start', 'close', 'capabilities', 'server']
      equal(
        offered.filter(name => METHODS[name] === undefined && !others.includes(name)),
        [],
        'methods of a broker that this case does not know',
      )
      for (const [name, call] of Object.entries(METHODS)) {
        equal(await endOf(() => call(broker, topic, topic.subscription('billing'))), 'CLOSED', `how ${name}() ends`)
      }
    },
  },
  {
    id: 'LIF-07',
    title: 'a closing broker leaves no call unanswered',
    promise: 'While a broker closes, every call ends: it is done, or CLOSED.',
    profile: 'full',
    async run(it) {
      const broker = await it.open()
      const topic = it.topic()
      const billing = topic.subscription('billing', { timeout: it.timing.lease })
      const gate = it.gate()
      const seen = await it.collect(broker, billing, () => gate.pass())
      await it.publish(topic, 1)
      await it.until(() => gate.arrived === 1, { what: 'a handler to run' })
      const under = Object.entries(METHODS).map(
        ([name, call]) => [name, endOf(() => call(broker, topic, billing))] as const,
      )
      const closing = broker.close({ drain: it.timing.lease })
      const after = Object.entries(METHODS).map(
        ([name, call]) => [name, endOf(() => call(broker, topic, billing))] as const,
      )
      for (const [name, end] of after) equal(await end, 'CLOSED', `how ${name}() ends that was called while closing`)
      gate.open()
      await closing
      for (const [name, end] of under) {
        // Removed under its feet, or with another handler: those are answers, too.
        const answer = await end
        check(
          ['resolved', 'CLOSED', 'CONFLICT', 'NOT_FOUND'].includes(answer),
          `${name}() was under way when the broker closed, and ended with ${answer}`,
        )
      }
      equal(seen.running, 0, 'handlers that run after closing')
    },
  },
  {
    id: 'LIF-08',
    title: 'closing while a consumer is being opened',
    promise: 'Where a broker is closed while it subscribes, both calls end, and nothing comes to life afterwards.',
    profile: 'full',
    budget: ({ close, quiet }) => close + quiet,
    async run(it) {
      const [broker, adapter] = await it.openBreakable()
      const orders = it.topic()
      await it.publish(orders, 1)
      const go = adapter.hold('open')
      const runs: string[] = []
      const opening = endOf(() =>
        broker.subscribe(orders.subscription('billing'), message => void runs.push(message.id)),
      )
      await it.until(() => adapter.calls('open') === 1, { what: 'a source to be asked for' })
      const closing = broker.close()
      go()
      await closing
      equal(await opening, 'CLOSED', 'how subscribe() ends')
      await it.elapse(it.timing.quiet)
      equal(runs, [], 'what has been run by a consumer of a closed broker')
    },
  },
  {
    id: 'LIF-09',
    title: 'a broker closes without its connection',
    promise:
      'close() ends in time while the connection is down, while it is being made, and while calls are not answered.',
    profile: 'core',
    budget: ({ close, arrive }) => 4 * (close + arrive),
    async run(it) {
      for (const what of ['refused', 'hanging', 'unanswered'] as const) {
        const [broker, adapter] = await it.openBreakable()
        const orders = it.topic()
        await it.collect(broker, orders.subscription('billing'))
        await broker.publish(orders, { n: 1 })
        if (what === 'unanswered') adapter.loseReplies('publish', { hang: true })
        else {
          if (what === 'refused') adapter.refuse()
          else adapter.hangConnects()
          adapter.cut()
        }
        const publishing = endOf(() => broker.publish(orders, { n: 2 }))
        const from = it.clock.monotonic()
        await broker.close({ drain: 0 })
        between(it.clock.monotonic() - from, 0, it.timing.close, `milliseconds that closing took (${what})`)
        equal(await publishing, 'CLOSED', `how a publish ends that was under way (${what})`)
      }
    },
  },
  {
    id: 'LIF-10',
    title: 'a process ends when its broker is closed',
    promise: 'Nothing of a closed broker keeps its process alive: it ends by itself, with code 0.',
    profile: 'core',
    // What lives in a process alone is looked at in LIF-12.
    needs: { not: 'durability:memory' },
    hooks: ['children'],
    budget: ({ arrive, close }) => 2 * (arrive + close),
    async run(it) {
      const orders = it.topic()
      const child = await it.child()
      await child.subscribe(orders.subscription('billing'))
      await child.publish(orders, 3)
      await it.until(() => child.acked.length === 3, { what: 'three messages to be acked in a process of its own' })
      await child.close()
      await it.until(() => child.isOver, { within: it.timing.close, what: 'the process to end by itself' })
      equal(await child.exited, { code: 0, signal: null }, 'how the process has ended')
    },
  },
  {
    id: 'LIF-11',
    title: 'a broker closes with its scope',
    promise: '`await using` closes a broker when its block is left, normally or by an exception.',
    profile: 'full',
    async run(it) {
      const topic = it.topic()
      const left: Broker[] = []
      const block = async (fails: boolean) => {
        await using broker = await createBroker(await it.brokerOptions())
        left.push(broker)
        await broker.publish(topic, { n: 1 })
        if (fails) throw new Error('the block fails')
      }
      await block(false)
      equal(await endOf(() => block(true)), 'Error: the block fails', 'how the block ends')
      for (const broker of left) await it.rejects('CLOSED', () => broker.publish(topic, { n: 2 }))
    },
  },
  {
    id: 'LIF-18',
    title: 'no failure is left to nobody',
    promise: 'Outages, failing handlers and closing in the midst of it leave no rejection unhandled.',
    profile: 'full',
    budget: ({ recover, close }) => 2 * recover + 2 * close,
    async run(it) {
      const strays: unknown[] = []
      const note = (error: unknown) => void strays.push(error)
      process.on('unhandledRejection', note)
      try {
        const orders = it.topic()
        const billing = orders.subscription('billing', { retry: { attempts: 2, delays: [] } })
        const [broker, adapter] = await it.openBreakable()
        const seen = await it.collect(broker, billing, message => {
          if (message.data.n % 2 === 0) return Promise.reject(new Error('always'))
          return undefined
        })
        await it.publish(orders, 10)
        for (const operation of ['settle', 'pull', 'publish', 'open'] as const) adapter.loseReplies(operation)
        const publishing = Array.from({ length: 5 }, (_, n) => endOf(() => broker.publish(orders, { n })))
        await it.until(() => adapter.generation > 1, { within: it.timing.recover, what: 'another connection' })
        await Promise.all(publishing)
        await it.until(() => seen.runs.length > 0, { within: it.timing.recover, what: 'a run' })
        adapter.cut()
        await broker.close()
        // A rejection counts as unhandled once all microtasks have run: one more turn of the case's time sees to that.
        await it.elapse(it.timing.quiet)
      } finally {
        process.off('unhandledRejection', note)
      }
      equal(strays.map(String), [], 'rejections that nobody has handled')
    },
  },
)
