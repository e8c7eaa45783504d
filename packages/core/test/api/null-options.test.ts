import { type Broker, createBroker, lifo, priority, retry, topic } from '@pluribus/core'
import { memory } from '@pluribus/memory'
import { describe, expect, it } from 'vitest'
import { calls, refused, thrown, world } from '../publishing/kit.js'

const orders = topic<number>('orders.placed')
const billing = orders.subscription('billing')

/** A function of options, and the names of all that it takes; `retry.delays` is one inside another. */
type Taker = readonly [name: string, take: (options: never) => unknown, options: readonly string[]]

const MODELS: readonly Taker[] = [
  [
    'topic()',
    options => topic('a', options),
    ['partitions', 'retention', 'retention.age', 'retention.bytes', 'version', 'codec', 'schema'],
  ],
  [
    'subscription()',
    options => orders.subscription('a', options),
    ['discipline', 'from', 'retry', 'retry.attempts', 'retry.delays', 'timeout', 'grace'],
  ],
  ['lifo()', lifo, ['atLeast']],
  ['priority()', priority, ['levels', 'atLeast']],
  ['retry()', retry, ['after', 'reason']],
]

const SELECTION = ['ids', 'limit']
const CALLS: readonly (readonly [string, (broker: Broker, options: never) => unknown, readonly string[]])[] = [
  [
    'publish()',
    (broker, options) => broker.publish(orders, 1, options),
    ['id', 'key', 'priority', 'headers', 'delay', 'deliverAt', 'correlationId', 'causationId'],
  ],
  ['subscribe()', (broker, options) => broker.subscribe(billing, () => {}, options), ['concurrency', 'prefetch']],
  ['history()', (broker, options) => broker.history(orders, options), ['from']],
  ['deadLetters()', (broker, options) => broker.deadLetters(billing, options), SELECTION],
  ['redrive()', (broker, options) => broker.redrive(billing, options), SELECTION],
  ['discard()', (broker, options) => broker.discard(billing, options), SELECTION],
  ['close()', (broker, options) => broker.close(options), ['drain']],
]

const BROKER = [
  'source',
  'connectTimeout',
  'publishTimeout',
  'maxPending',
  'lease',
  'middleware',
  'middleware.publish',
  'middleware.handle',
  'logger',
  'environment',
  'environment.clock',
  'environment.timers',
  'environment.logger',
  'environment.random',
  'environment.instance',
]

const nulled = (name: string): never =>
  name.split('.').reduceRight<unknown>((inside, part) => ({ [part]: inside }), null) as never

describe('null is no way to say "the default"', () => {
  it.each(MODELS.flatMap(([name, take, options]) => options.map(option => [name, option, take] as const)))(
    '%s %s',
    (_, option, take) => {
      expect(thrown(() => take(nulled(option))).code).toBe('INVALID_ARGUMENT')
    },
  )

  it.each(CALLS.flatMap(([name, call, options]) => options.map(option => [name, option, call] as const)))(
    '%s %s',
    async (_, option, call) => {
      const { broker, adapter } = await world()
      expect((await refused((async () => call(broker, nulled(option)))())).code).toBe('INVALID_ARGUMENT')
      expect(calls(adapter)).toBe(0)
    },
  )

  it.each(BROKER)('createBroker() %s', async option => {
    const options = { adapter: memory(), ...(nulled(option) as object) }
    expect((await refused(createBroker(options))).code).toBe('INVALID_ARGUMENT')
  })

  it('close() of a consumer: drain, and the options', async () => {
    const { broker, clock } = await world()
    const consumer = await clock.run(broker.subscribe(billing, () => {}))
    for (const options of [null, { drain: null }, { drian: 1 }]) {
      expect((await refused(consumer.close(options as never))).code).toBe('INVALID_ARGUMENT')
    }
    expect(consumer.state).toBe('consuming')
  })
})
