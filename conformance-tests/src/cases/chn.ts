import type { Broker, Message } from '@pluribus/core'
import { defineCases } from '../case/case.js'
import { check, equal } from '../case/expect.js'
import { untilAcked } from '../case/until-acked.js'

/** The chain of cause and effect. */
export const CHN = defineCases(
  {
    id: 'CHN-01',
    title: 'an effect knows its cause and the root, over processes',
    promise:
      "What is published inside a handler has its message's id as its cause and the root's as its correlation, as everybody sees it.",
    profile: 'core',
    guarantees: [16],
    async run(it) {
      const steps = [it.topic(), it.topic(), it.topic(), it.topic()]
      const seen: Message<unknown>[] = []
      for (const [index, step] of steps.entries()) {
        const broker = await it.open()
        const next = steps[index + 1]
        await it.collect(broker, step.subscription('next'), async (message, context) => {
          seen.push(message)
          if (next === undefined) return
          // Either way: by the context, and by the broker after something else was awaited.
          if (index % 2 === 0) await context.publish(next, { n: index })
          else await Promise.resolve().then(() => broker.publish(next, { n: index }))
        })
      }
      const [root] = await it.publish(steps[0] as (typeof steps)[number], 1)
      await it.until(() => seen.length === 4, { within: 4 * it.timing.arrive, what: 'the last effect to come' })
      equal(
        seen.map(({ causationId }) => causationId),
        [undefined, ...seen.slice(0, 3).map(({ id }) => id)],
        'the causes along the chain',
      )
      equal(
        seen.map(({ correlationId }) => correlationId),
        [root, root, root, root],
        'the correlations along the chain',
      )
    },
  },
  {
    id: 'CHN-02',
    title: 'effects of handlers that run at once are not mixed up',
    promise: 'Each of many handlers that run at the same time is the cause of what it publishes itself.',
    profile: 'full',
    guarantees: [16],
    async run(it) {
      const orders = it.topic()
      const effects = it.topic<{ of: string }>()
      const count = it.size(50)
      const broker = await it.open()
      const gate = it.gate()
      const publishing = (to: Broker) => async (message: Message<unknown>) => {
        if (gate.arrived === count - 1) gate.open()
        await gate.pass()
        await to.publish(effects, { of: message.id })
        await to.publish(effects, { of: message.id })
      }
      await it.collect(broker, orders.subscription('billing'), publishing(broker), { concurrency: count })
      const seen = await it.collect(await it.open(), effects.subscription('log'))
      await it.publish(orders, count)
      await it.until(() => seen.acked.length === 2 * count, { what: `${2 * count} effects to come` })
      const mixed = seen.runs.filter(({ message }) => message.causationId !== (message.data as { of: string }).of)
      equal(
        mixed.map(({ message }) => message.id),
        [],
        'effects of another cause than theirs',
      )
    },
  },
  {
    id: 'CHN-03',
    title: 'the chain survives retries, death and redriving',
    promise:
      'A message that failed, died and was put back still names its cause, and is the cause of what it brings about.',
    profile: 'full',
    guarantees: [15, 16],
    async run(it) {
      const [orders, payments, receipts] = [it.topic(), it.topic(), it.topic()]
      const broker = await it.open()
      await it.collect(broker, orders.subscription('pay'), (_, context) =>
        context.publish(payments, { n: 1 }).then(() => undefined),
      )
      const billing = payments.subscription('billing', { retry: { attempts: 2, delays: [] } })
      let isMended = false
      const failing = await it.collect(broker, billing, async (_, context) => {
        if (!isMended) throw new Error('not yet')
        await context.publish(receipts, { n: 1 })
      })
      const seen = await it.collect(broker, receipts.subscription('log'))
      const [root] = await it.publish(orders, 1)
      await it.until(() => failing.dead.length === 1, { within: 2 * it.timing.arrive, what: 'the payment to be dead' })
      isMended = true
      equal((await broker.redrive(billing)).redriven, 1, 'how many were redriven')
      await it.until(() => seen.acked.length === 1, { within: 2 * it.timing.arrive, what: 'the receipt to come' })
      const [receipt] = seen.runs.map(({ message }) => message)
      check(receipt !== undefined, 'there is no receipt')
      equal(failing.runs.at(-1)?.message.causationId, root, 'the cause of the payment that was redriven')
      equal(
        [receipt.causationId, receipt.correlationId],
        [failing.ids[0], root],
        'cause and correlation of the receipt',
      )
    },
  },
  {
    id: 'CHN-04',
    title: 'what is published outside handlers begins a chain of its own',
    promise: 'A message without a cause has none, and its correlation is its own id.',
    profile: 'full',
    guarantees: [16],
    async run(it) {
      const orders = it.topic()
      const seen = await it.collect(await it.open(), orders.subscription('billing'))
      const ids = await it.publish(orders, 2)
      await untilAcked(it, 2, seen)
      equal(
        seen.runs.map(({ message }) => [message.causationId, message.correlationId]),
        ids.map(id => [undefined, id]),
        'causes and correlations',
      )
    },
  },
)
