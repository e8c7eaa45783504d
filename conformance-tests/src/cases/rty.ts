import { DEAD_REASONS } from '@pluribus/core'
import { all } from '../case/all.js'
import { failAlways } from '../case/behaviour.js'
import { die } from '../case/broken-link.js'
import { defineCases } from '../case/case.js'
import { between, check, equal } from '../case/expect.js'
import { patience } from '../case/patience.js'
import { upTo } from '../case/up-to.js'

/** Retry policy and attempts. */
export const RTY = defineCases(
  {
    id: 'RTY-01',
    title: 'n attempts are n runs',
    promise: '`attempts: n` allows n failed runs, numbered from 1; then the message is dead.',
    profile: 'core',
    guarantees: [4],
    async run(it) {
      for (const attempts of [1, 2, 3, 5]) {
        const orders = it.topic()
        const billing = orders.subscription('billing', { retry: { attempts, delays: [] } })
        const broker = await it.open()
        const seen = await it.collect(broker, billing, () => Promise.reject(new Error('always')))
        await it.publish(orders, 1)
        await it.until(() => seen.dead.length === 1, { what: `the message to be dead after ${attempts} attempts` })
        const numbers = upTo(attempts)
        equal(seen.attempts, numbers, `the attempts where ${attempts} are allowed`)
        const dead = await all(broker.deadLetters(billing))
        equal(
          dead.map(({ reason }) => reason),
          [DEAD_REASONS.EXHAUSTED],
          'the reasons of the dead letters',
        )
        await broker.close()
      }
    },
  },
  {
    id: 'RTY-02',
    title: 'only failed runs count as attempts',
    promise:
      'A message is attempt 1 until it has failed, and one more after each failure; giving it back changes nothing.',
    profile: 'core',
    budget: ({ redeliver }) => 5 * redeliver,
    async run(it) {
      const orders = it.topic()
      await it.publish(orders, 1)
      const consumer = await it.consume(orders.subscription('billing'))
      const attempts: number[] = []
      const losses = new Set<number>()
      for (const end of ['release', 'retry', 'release', 'retry', 'ack'] as const) {
        const delivery = await consumer.next(it.timing.redeliver)
        attempts.push(delivery.attempt)
        losses.add(delivery.losses)
        equal(await consumer.settle({ [end]: [delivery] }), [], `exceptions of the ${end}`)
      }
      equal(attempts, [1, 1, 2, 2, 3], 'the attempts after nothing, a release, a retry, a release and a retry')
      equal([...losses], [0], 'the losses')
    },
  },
  {
    id: 'RTY-03',
    title: 'attempts go on in another process',
    promise:
      'The number of failed runs is stored: it goes on where a consumer is closed or its process dies, and never starts again.',
    profile: 'core',
    needs: 'attempts:stored',
    proves: ['attempts:stored'],
    budget: ({ redeliver, recover, lease }) => 2 * redeliver + 2 * (lease + recover),
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing', { retry: { attempts: 3, delays: [] }, timeout: patience(it) })
      await it.publish(orders, 1)
      const first = await it.consume(billing)
      equal(await first.retry(await first.next()), [], 'exceptions of the first retry')
      await first.close()
      const second = await it.consume(billing)
      const again = await second.next(it.timing.redeliver)
      equal(again.attempt, 2, 'the attempt after a failure in a process that was closed')
      equal(await second.retry(again), [], 'exceptions of the second retry')
      await second.close()
      await second.connection.close()
      const gate = it.gate()
      const [dying, adapter] = await it.openBreakable()
      const held = await it.collect(dying, billing, () => gate.pass())
      await it.until(() => held.running === 1, {
        within: it.timing.lease + it.timing.recover,
        what: 'the third attempt to begin',
      })
      await die(it, dying, adapter)
      const last = await it.collect(await it.open(), billing, failAlways())
      await it.until(() => last.dead.length === 1, {
        within: it.timing.lease + it.timing.recover,
        what: 'the message to be dead',
      })
      equal([held.attempts, last.attempts], [[3], [3]], 'the attempts in a process that died, and in the one after it')
    },
  },
  {
    id: 'RTY-04',
    title: 'where attempts live with their process, another one may grant some again',
    promise:
      'Within a process attempts are exact; after its end another process counts as many as it knows, never more than there were.',
    profile: 'full',
    needs: 'attempts:process',
    proves: ['attempts:process'],
    budget: ({ redeliver }) => 3 * redeliver,
    async run(it) {
      const orders = it.topic()
      const billing = orders.subscription('billing')
      await it.publish(orders, 1)
      const first = await it.consume(billing)
      for (const attempt of [1, 2]) {
        const delivery = await first.next(it.timing.redeliver)
        equal(delivery.attempt, attempt, 'the attempt within one process')
        equal(await first.retry(delivery), [], `exceptions of retry ${attempt}`)
      }
      await first.close()
      await first.connection.close()
      const { attempt } = await (await it.consume(billing)).next(it.timing.recover)
      between(attempt, 1, 3, 'the attempt in another process after two failures')
    },
  },
  {
    id: 'RTY-05',
    title: 'a retry comes when its delay is over',
    promise: 'Between the end of a failed run and the next one there is the delay: never less, and little more.',
    profile: 'core',
    proves: ['delayTick'],
    budget: ({ delay, redeliver }) => 3 * (2 * delay + redeliver),
    async run(it) {
      const { timing } = it
      const orders = it.topic()
      const delays = [timing.delay, 2 * timing.delay]
      const billing = orders.subscription('billing', { retry: { attempts: 3, delays } })
      const seen = await it.collect(await it.open(), billing, failAlways())
      await it.publish(orders, 1)
      const within = timing.arrive + 3 * timing.delay + 3 * timing.redeliver
      await it.until(() => seen.dead.length === 1, { within, what: 'the message to be dead after three attempts' })
      for (const [index, delay] of delays.entries()) {
        const [before, after] = seen.runs.slice(index, index + 2)
        check(before?.endedAt !== undefined && after !== undefined, `there is no attempt ${index + 2}`)
        const gap = after.startedAt - before.endedAt
        between(
          gap,
          delay,
          delay + it.capabilities.delayTick + timing.redeliver,
          `milliseconds before attempt ${index + 2}`,
        )
      }
    },
  },
)
