import { createBroker } from '@pluribus/core'
import type { Adapter, Connection, Publisher, Source } from '@pluribus/core/driver'
import { type UnreliableAdapter, unreliable } from '@pluribus/core/testing'
import { memory } from '@pluribus/memory'
import { expect, test } from 'vitest'
import { quietDisplay } from '../src/display.ts'
import { Ledger } from '../src/ledger.ts'
import { run } from '../src/run.ts'
import { salesOf } from '../src/sales.ts'
import { stationOf } from './run-shop.ts'

/** Something new goes wrong every few milliseconds, everything twice. */
function disturb(adapter: UnreliableAdapter): Disposable & { readonly left: () => number } {
  const faults = [
    () => adapter.takeLeases(),
    () => adapter.loseReplies('settle'),
    () => adapter.endSources(),
    () => adapter.settleExceptions('failed'),
    () => adapter.loseReplies('publish'),
  ]
  const coming = [...faults, ...faults]
  const timer = setInterval(() => coming.shift()?.(), 40)
  return { left: () => coming.length, [Symbol.dispose]: () => clearInterval(timer) }
}

/** Runs the sample. A short lease, because a connection that breaks takes what it had leased with it, for that long. */
async function runOn(adapter: Adapter, lines = 2_000) {
  await using broker = await createBroker({ adapter, lease: '300ms', logger: false })
  return await run({
    ...{ broker, ledger: new Ledger(), display: quietDisplay(), signal: new AbortController().signal },
    ...{ sales: await salesOf({ input: undefined, lines }), concurrency: 16 },
  })
}

test('a broker that takes leases away, loses answers and breaks off changes no final state', async () => {
  const calm = await runOn(unreliable(memory()))
  const adapter = unreliable(memory())
  using trouble = disturb(adapter)
  const troubled = await runOn(adapter)
  expect(trouble.left()).toBe(0)
  expect(troubled).toEqual(calm)
}, 60_000)

/** An object with some of its members replaced; the others keep their `this`. */
function replaced<T extends object>(target: T, members: Partial<T>): T {
  return new Proxy(target, {
    get(_, name) {
      const value: unknown = Reflect.get(name in members ? members : target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** A memory adapter that does something wrong. */
function faulty(wrong: (connection: Connection) => Partial<Connection>): Adapter {
  const inner = memory()
  return replaced(inner, {
    connect: async (environment, events) => {
      const connection = await inner.connect(environment, events)
      return replaced(connection, wrong(connection))
    },
  })
}

const LOST = 'order-000007'

/** Says that it has stored what it has not. */
const forgetful = ({ publisher }: Connection): Partial<Connection> => ({
  publisher: replaced<Publisher>(publisher, {
    publish: batch => publisher.publish(batch.filter(({ id }) => id !== LOST)),
  }),
})

/** Settles a delivery that it never hands out. */
const swallowing = ({ subscriber }: Connection): Partial<Connection> => ({
  subscriber: replaced(subscriber, {
    open: async (spec, options, events) => {
      const source = await subscriber.open(spec, options, events)
      return replaced<Source>(source, {
        pull: async max => {
          const { deliveries, ...rest } = await source.pull(max)
          const swallowed = deliveries.filter(({ message }) => message.id === LOST)
          if (swallowed.length > 0) await source.settle({ acks: swallowed.map(({ token }) => token), others: [] })
          return { ...rest, deliveries: deliveries.filter(delivery => !swallowed.includes(delivery)) }
        },
      })
    },
  }),
})

test.each([
  ['does not store what it confirms', forgetful, [`${LOST} was published and is not in the history`]],
  ['never delivers a message', swallowing, ['the broker has 0 to deliver', `${LOST} was neither handled nor is dead`]],
])('a broker that %s does not get away with it', async (_, wrong, problems) => {
  const report = await runOn(faulty(wrong), 100)
  expect(report.addsUp).toBe(false)
  for (const subscription of ['payment', 'sales-report']) {
    expect(stationOf(report, subscription).problems).toEqual(problems)
  }
})
