import type { Adapter, Delivery, Environment, Source, Token } from '@pluribus/core/driver'
import { decorate, sourceLike } from '../history/decorate.js'
import { handingOut } from './handing-out.js'
import { heldBack } from './held-back.js'
import { LAG } from './lag.js'
import { mapDeliveries, mapMessages } from './map-deliveries.js'
import { ackingInstead, mapSettlements } from './map-settlements.js'
import { defineSaboteurs } from './saboteur.js'

/** What goes wrong when runs have failed. */
export const RETRYING = defineSaboteurs(
  {
    name: 'retries-are-acks',
    of: 'memory',
    breaks: 'What is to be tried again is acked.',
    caughtBy: 'NCK-01',
    says: /the message to be acked after it had failed once/,
    adapter: inner => ackingInstead(inner, ({ kind }) => kind === 'retry'),
  },
  {
    name: 'drops-every-second-retry',
    of: 'memory',
    breaks: 'Every second message that is to be tried again is acked.',
    caughtBy: 'NCK-02',
    says: /messages to be acked/,
    adapter(inner) {
      let retries = 0
      return ackingInstead(inner, ({ kind }) => kind === 'retry' && ++retries % 2 === 0)
    },
  },
  {
    name: 'drops-the-third-retry',
    of: 'memory',
    breaks: 'A message that has failed three times is acked.',
    caughtBy: 'NCK-05',
    says: /messages to be acked, each after three failures/,
    adapter: inner => ackingInstead(inner, one => one.kind === 'retry' && one.error.attempt === 3),
  },
  {
    name: 'retry-forgets-the-envelope',
    of: 'memory',
    breaks: 'A retried message has lost its key, its priority and its headers.',
    caughtBy: 'NCK-03',
    says: /what attempt 2 was given/,
    adapter: inner =>
      mapMessages(inner, (_, { attempt }) => (attempt === 1 ? {} : { key: undefined, priority: 0, headers: {} })),
  },
  {
    name: 'retry-has-other-data',
    of: 'memory',
    breaks: 'A retried message has what became of its data, not what it was.',
    caughtBy: 'NCK-04',
    says: /what each is given/,
    adapter: inner =>
      mapMessages(inner, (_, { attempt }) => (attempt === 1 ? {} : { payload: '{"n":99,"lines":["a","spoiled"]}' })),
  },
  {
    name: 'retry-stays-with-its-consumer',
    of: 'memory',
    breaks: 'A retry is kept in the source that asked for it, and nobody else can have it.',
    caughtBy: 'NCK-06',
    says: /1 deliveries were due .* and 0 came/,
    adapter: inner => decorate(inner, { source: keeping }),
  },
  {
    name: 'settles-the-wrong-ones',
    of: 'memory',
    breaks: 'Of a batch with acks and others, each of the others concerns its neighbour.',
    caughtBy: 'NCK-13',
    says: /what comes back after 2 and 7 were retried/,
    adapter: inner =>
      decorate(inner, {
        source: source => ({
          settle({ acks, others }) {
            const tokens = others.map(({ token }) => token)
            const next = (index: number): Token => tokens[(index + 1) % tokens.length] as Token
            return source.settle({ acks, others: others.map((other, index) => ({ ...other, token: next(index) })) })
          },
        }),
      }),
  },
  {
    name: 'release-counts',
    of: 'memory',
    breaks: 'What is given back has one attempt less.',
    caughtBy: 'NCK-09',
    says: /id and attempt in round 2/,
    adapter: inner =>
      mapSettlements(inner, one =>
        one.kind === 'release' ? { kind: 'retry', token: one.token, delay: 0, error: UNKNOWN_ERROR } : one,
      ),
  },
  {
    name: 'retry-goes-to-the-tail',
    of: 'memory',
    breaks: 'A retried message waits until nothing else is ready.',
    caughtBy: 'NCK-12',
    says: /the order of the runs/,
    adapter: inner => decorate(inner, { source: lastOfAll }),
  },
  {
    name: 'wakes-for-nothing',
    of: 'memory',
    breaks: 'A source wakes its consumer all the time, whether there is anything or not.',
    caughtBy: 'NCK-10',
    says: /it spins/,
    adapter: restless,
  },
  {
    name: 'attempts-start-at-0',
    of: 'memory',
    breaks: 'The first delivery is attempt 0.',
    caughtBy: 'RTY-02',
    says: /the attempts after nothing, a release, a retry/,
    adapter: inner => mapDeliveries(inner, delivery => ({ ...delivery, attempt: delivery.attempt - 1 })),
  },
  {
    name: 'one-attempt-too-many',
    of: 'memory',
    breaks: 'The first failed run is not counted.',
    caughtBy: 'RTY-01',
    says: /the attempts where 2 are allowed/,
    adapter: inner => mapDeliveries(inner, delivery => ({ ...delivery, attempt: Math.max(1, delivery.attempt - 1) })),
  },
  {
    name: 'attempts-live-in-the-source',
    of: 'memory',
    breaks: 'Each consumer counts attempts of its own.',
    caughtBy: 'RTY-03',
    says: /the attempt after a failure in a process that was closed/,
    adapter: inner => decorate(inner, { source: countingAnew }),
  },
  {
    name: 'long-delays-block-short-ones',
    of: 'memory',
    breaks: 'Retries become due in the order in which they were asked for.',
    caughtBy: 'RTY-13',
    says: /the message with the short delay to be acked/,
    adapter(inner) {
      let latest = 0
      return mapSettlements(inner, (one, { clock }) => {
        if (one.kind !== 'retry') return one
        latest = Math.max(latest, clock.monotonic() + one.delay)
        return { ...one, delay: latest - clock.monotonic() }
      })
    },
  },
  {
    name: 'retry-blocks-the-subscription',
    of: 'memory',
    breaks: 'While a message waits for its retry, nothing is handed out.',
    caughtBy: 'RTY-12',
    says: /seven messages to be acked while three wait/,
    adapter: inner => decorate(inner, { source: blocking }),
  },
  {
    name: 'the-ladder-has-one-step',
    of: 'memory',
    breaks: 'Every retry waits as long as the first one did.',
    caughtBy: 'RTY-06',
    says: /milliseconds before attempt 3/,
    adapter(inner) {
      let first: number | undefined
      return mapSettlements(inner, one => {
        if (one.kind !== 'retry') return one
        first ??= one.delay
        return { ...one, delay: first }
      })
    },
  },
  {
    name: 'retries-wait-in-the-process',
    of: 'memory',
    breaks: 'What waits for its retry is kept in the process alone, and lost with it.',
    caughtBy: 'RTY-14',
    says: /the message to come to another process when its retry is due/,
    adapter: inner => heldBack(inner, other => (other.kind === 'retry' ? other.delay : undefined)),
  },
  {
    name: 'retries-are-stored-a-little-later',
    of: 'memory',
    breaks: 'A retry is confirmed before it is stored: between the two it can be lost.',
    caughtBy: 'RTY-15',
    says: /three messages to be acked in the end where, as a retry is settled, it dies-amid/,
    adapter: inner => heldBack(inner, other => (other.kind === 'retry' ? LAG : undefined)),
  },
)

const UNKNOWN_ERROR = Object.freeze({ name: 'Error', message: 'unknown', attempt: 1, time: 0 })

function keeping(source: Source): Partial<Source> {
  const held = new Map<Token, Delivery>()
  const again: Delivery[] = []
  return {
    async pull(max) {
      const back = again.splice(0, max)
      const pulled = await source.pull(max - back.length)
      for (const delivery of [...back, ...pulled.deliveries]) held.set(delivery.token, delivery)
      return { ...pulled, deliveries: [...back, ...pulled.deliveries] }
    },
    settle({ acks, others }) {
      for (const { kind, token } of others) {
        const delivery = held.get(token)
        if (kind === 'retry' && delivery) again.push({ ...delivery, attempt: delivery.attempt + 1 })
      }
      return source.settle({ acks, others: others.filter(({ kind }) => kind !== 'retry') })
    },
  }
}

function lastOfAll(source: Source): Partial<Source> {
  const kept: Delivery[] = []
  return {
    async pull(max) {
      for (;;) {
        const pulled = await source.pull(max)
        const fresh = pulled.deliveries.filter(({ attempt }) => attempt === 1)
        kept.push(...pulled.deliveries.filter(({ attempt }) => attempt > 1))
        if (pulled.deliveries.length === 0) return { ...pulled, deliveries: kept.splice(0, max) }
        if (fresh.length > 0) return { ...pulled, deliveries: fresh }
      }
    },
  }
}

/** Ten times more often than there could be anything. */
function restless(inner: Adapter): Adapter {
  return decorate(inner, {
    subscriber: (subscriber, { timers }) => ({
      async open(spec, options, events) {
        const source = await subscriber.open(spec, options, events)
        let timer: unknown
        const wake = () => {
          timer = timers.setTimeout(wake, LAG / 10)
          events.wake()
        }
        wake()
        return sourceLike(source, {
          async close() {
            timers.clearTimeout(timer)
            await source.close()
          },
        })
      },
    }),
  })
}

function countingAnew(source: Source): Partial<Source> {
  const before = new Map<string, number>()
  return handingOut(source, deliveries =>
    deliveries.map(delivery => {
      const { id } = delivery.message
      const known = before.get(id) ?? delivery.attempt - 1
      before.set(id, known)
      return { ...delivery, attempt: delivery.attempt - known }
    }),
  )
}

function blocking(source: Source, { clock }: Environment): Partial<Source> {
  let until = 0
  return {
    async pull(max) {
      const dueIn = until - clock.monotonic()
      return dueIn > 0 ? { deliveries: [], dueIn } : source.pull(max)
    },
    settle(settled) {
      for (const other of settled.others) {
        if (other.kind === 'retry') until = Math.max(until, clock.monotonic() + other.delay)
      }
      return source.settle(settled)
    },
  }
}
