import { bytes, DEAD_REASONS } from '@pluribus/core'
import { all } from '../case/all.js'
import { failAlways } from '../case/behaviour.js'
import { defineCases } from '../case/case.js'
import { between, check, equal } from '../case/expect.js'

/** Dead letters and redriving. */
export const DLQ = defineCases(
  {
    id: 'DLQ-01',
    title: 'after the last attempt there is one dead letter, and nothing else',
    promise: 'A message whose attempts are used up stands among the dead letters once, and is out of its subscription.',
    profile: 'core',
    guarantees: [6],
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { retry: { attempts: 2, delays: [] } })
      const broker = await it.open()
      const seen = await it.collect(broker, billing, failAlways())
      const ids = await it.publish(orders, 1)
      await it.until(() => seen.dead.length === 1, { what: 'the message to be dead' })
      await it.silence(seen)
      const dead = await all(broker.deadLetters(billing))
      equal(
        dead.map(({ message }) => message.id),
        ids,
        'the dead letters',
      )
      equal(
        dead[0]?.errors.map(({ message }) => message),
        ['always', 'always'],
        'their errors',
      )
    },
  },
  {
    id: 'DLQ-02',
    title: 'a dead letter is the message as it was published',
    promise:
      'Payload, key, headers, id and time of a dead letter are what was published, also where the payload is binary.',
    profile: 'core',
    guarantees: [15],
    async run(it) {
      const payload = Uint8Array.from({ length: 256 }, (_, byte) => byte)
      const blobs = it.topic({ codec: bytes })
      const billing = blobs.subscription('billing', { retry: { attempts: 1 } })
      const broker = await it.open()
      const headers = { plain: 'text', ünïcode: '✓ 𝄞', empty: '' }
      const seen = await it.collect(broker, billing, message => {
        message.data.fill(0)
        throw new Error('always')
      })
      const { id } = await broker.publish(blobs, payload, {
        headers,
        ...(it.capabilities.keys === 'none' ? {} : { key: 'k' }),
      })
      await it.until(() => seen.dead.length === 1, { what: 'the message to be dead' })
      const [dead] = await all(broker.deadLetters(billing))
      check(dead !== undefined, 'there is no dead letter')
      equal(dead.message.id, id, 'the id')
      equal(Buffer.from(dead.message.data).equals(payload), true, 'whether the payload is the one published')
      equal({ ...dead.message.headers }, headers, 'the headers')
    },
  },
  {
    id: 'DLQ-03',
    title: 'a dead letter says what happened',
    promise:
      'It names the subscription, the reason, the failed runs, and of each of them the error with its stack, attempt and time.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { retry: { attempts: 2, delays: [] } })
      const broker = await it.open()
      const seen = await it.collect(broker, billing, (_, { attempt }) => breakDown(attempt))
      const begin = it.clock.now()
      await it.publish(orders, 1)
      await it.until(() => seen.dead.length === 1, { what: 'the message to be dead' })
      const [dead] = await all(broker.deadLetters(billing))
      check(dead !== undefined, 'there is no dead letter')
      const { subscription, reason, attempts, losses, message } = dead
      equal(
        { topic: message.topic, subscription, reason, attempts, losses },
        { topic: orders.name, subscription: 'billing', reason: DEAD_REASONS.EXHAUSTED, attempts: 2, losses: 0 },
        'topic, subscription, reason, failed runs and losses',
      )
      equal(
        dead.errors.map(error => [error.name, error.message, error.code, error.attempt]),
        [1, 2].map(attempt => ['RangeError', `wrong ${attempt}`, 'E_RANGE', attempt]),
        'name, message, code and attempt of the errors',
      )
      for (const { attempt, stack, time } of dead.errors) {
        check(
          stack?.includes('breakDown') === true,
          `the stack of error ${attempt} does not lead to its handler: ${stack}`,
        )
        // Machines may have clocks of their own.
        between(time, begin, it.clock.now(), `the time of error ${attempt}`)
      }
    },
  },
  {
    id: 'DLQ-04',
    title: 'a huge error does not keep a message from dying',
    promise:
      'An error with a message and a stack of a megabyte is cut, and says so; the dead letter is stored all the same.',
    profile: 'core',
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { retry: { attempts: 3, delays: [] } })
      const broker = await it.open()
      const huge = 'x'.repeat(1_048_576)
      const seen = await it.collect(broker, billing, () => {
        const error = new Error(huge)
        error.stack = `begin ${huge}`
        throw error
      })
      const ids = await it.publish(orders, 1)
      await it.until(() => seen.dead.length === 1, { what: 'the message to be dead' })
      const [dead] = await all(broker.deadLetters(billing))
      equal([dead?.message.id, dead?.errors.length], [ids[0], 3], 'id and number of errors of the dead letter')
      for (const { message, stack, attempt } of dead?.errors ?? []) {
        for (const text of [message, stack ?? '']) {
          check(text.length < huge.length / 10, `error ${attempt} keeps a text of ${text.length} characters`)
          check(/cut\]$/.test(text), `error ${attempt} does not say that it was cut: it ends with ${text.slice(-40)}`)
        }
      }
    },
  },
  {
    id: 'DLQ-05',
    title: 'a dead letter that cannot be stored is stored later',
    promise:
      'Where dead-lettering fails, the message is neither acked nor lost nor run again: it is tried again, with pauses, until it is stored; once.',
    profile: 'full',
    budget: ({ recover }) => 2 * recover,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { retry: { attempts: 1 } })
      const [broker, adapter] = await it.openBreakable()
      const seen = await it.collect(broker, billing, failAlways())
      adapter.failBefore('settle', { times: 2 })
      adapter.settleExceptions('failed', { times: 2 })
      const ids = await it.publish(orders, 1)
      const what = 'the message to be dead after storing its dead letter has failed four times'
      await it.until(() => seen.dead.length === 1, { within: 2 * it.timing.recover, what })
      await it.silence(seen)
      equal(seen.runs.length, 1, 'how often it was run')
      equal(
        (await all(broker.deadLetters(billing))).map(({ message }) => message.id),
        ids,
        'the dead letters',
      )
    },
  },
)

/** Its name must be in the stack. */
function breakDown(attempt: number): never {
  throw Object.assign(new RangeError(`wrong ${attempt}`), { code: 'E_RANGE' })
}
