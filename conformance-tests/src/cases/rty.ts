import { DEAD_REASONS } from '@pluribus/core'
import { all } from '../case/all.js'
import { defineCases } from '../case/case.js'
import { between, check, equal } from '../case/expect.js'

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
        const numbers = Array.from({ length: attempts }, (_, index) => index + 1)
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
    id: 'RTY-05',
    title: 'a retry comes when its delay is over',
    promise: 'Between the end of a failed run and the next one there is the delay: never less, and little more.',
    profile: 'core',
    needs: { not: 'delay:none' },
    refusal: 'REF-delay',
    proves: ['delay:native', 'delay:emulated', 'delayTick'],
    budget: ({ delay, redeliver }) => 3 * (2 * delay + redeliver),
    async run(it) {
      const { timing } = it
      const orders = it.topic()
      const delays = [timing.delay, 2 * timing.delay]
      const billing = orders.subscription('billing', { retry: { attempts: 3, delays } })
      const seen = await it.collect(await it.open(), billing, () => {
        throw new Error('always')
      })
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
