import { SUSPECT_AFTER } from '@pluribus/core/driver'
import { groupBy } from '../../group-by.js'
import type { Anomaly } from '../anomaly.js'
import type { EventOf, Promises } from '../event.js'
import { type HandOver, type Ledger, messageKey, type Publication, subscriptionKey } from '../ledger.js'
import { gapsOf, mayHaveTaken } from './gaps.js'
import { precedes } from './precedes.js'

/**
 * A source of a fifo subscription hands out what it hands out for the first time in the order of publishing. Keyed messages
 * may have to wait for others of their key, delayed ones for their time; both are looked at elsewhere. What a pull has left unfilled
 * may be fetched before it is asked for again, so that a source may have had messages that nobody has pulled, and that have gone back:
 * they come after what others were given meanwhile.
 */
export function publishOrder(ledger: Ledger, promises: Promises): readonly Anomaly[] {
  const fifo = new Set(
    ledger
      .facts('declare')
      .filter(({ order, partitions }) => order === 'fifo' && partitions === 1)
      .map(({ topic, subscription }) => subscriptionKey(topic, subscription)),
  )
  const firsts = [...ledger.deliveries.values()].map(handOvers => handOvers[0] as HandOver)
  const bySource = groupBy(firsts, ({ event }) => event.source)
  return [...bySource.values()].flatMap(handOvers => {
    const { topic, subscription } = (handOvers[0] as HandOver).event
    if (!fifo.has(subscriptionKey(topic, subscription))) return []
    return inversions(ledger, handOvers, excusesOf(ledger, promises, handOvers[0] as HandOver))
  })
}

/** Whether a message may have been somewhere where nobody has seen it, and have come back late. */
type Excuse = (publication: Publication, handOver: HandOver) => boolean

function excusesOf(ledger: Ledger, { fencing }: Promises, { event: { topic, subscription } }: HandOver): Excuse {
  // What an unanswered pull has taken comes back later, at its place, as if for the first time.
  const gaps = gapsOf(ledger, topic, subscription)
  const isTaken: Excuse = (publication, { event }) =>
    gaps.some(gap => gap.at < event.at && mayHaveTaken(gap, publication))
  const isFetched = fencing === 'local' ? fetching : standing
  return either(isTaken, isFetched(ledger, topic, subscription))
}

/**
 * Whether a message may have been fetched for a source on the demand that its last pull had left, and have gone back, because the source was
 * over before it pulled again, or has taken its demand back. What was stored before that pull was asked for was there to be pulled.
 */
function standing(ledger: Ledger, topic: string, subscription: string): Excuse {
  const opens = ledger.facts('open').filter(open => open.topic === topic && open.subscription === subscription)
  const ours = new Set(opens.map(({ source }) => source))
  const pulls = ledger.facts('pull').filter(({ source }) => ours.has(source))
  const ends = ledger.facts('end').filter(({ source }) => ours.has(source))
  const returns = [...ends, ...pulls.filter(({ max }) => max === 0)].map(({ source, at }) => {
    const last = pulls.findLast(pull => pull.source === source && pull.max > 0 && pull.at < at)
    return { source, at, asked: last?.at ?? at }
  })
  return ({ invoked, resolved }, { event }) =>
    returns.some(
      ({ source, at, asked }) => source !== event.source && asked < resolved && invoked < at && at < event.at,
    )
}

/**
 * The same where the broker hands out by itself (`fencing: 'local'`), and nobody knows what has reached whom: between its publish and its hand-over
 * another source was over, or was handed a suspect, which is run alone; or one has lost deliveries, and with them what it had fetched. One
 * whose link was lost may have been sent messages for a lease longer: its broker did not know.
 */
function fetching(ledger: Ledger, topic: string, subscription: string): Excuse {
  const opens = ledger.facts('open').filter(open => open.topic === topic && open.subscription === subscription)
  const leases = new Map(opens.map(({ source, lease = 0 }) => [source, lease]))
  const ends = ledger.facts('end').filter(({ source }) => leases.has(source))
  const losses = ledger.facts('lost').filter(({ source }) => leases.has(source))
  const suspects = ledger.handOvers.flatMap(({ event }) =>
    leases.has(event.source) && event.losses >= SUSPECT_AFTER ? [event] : [],
  )
  return ({ invoked, invokedTime }, { event }) => {
    const isOverBy = ({ source, at, time, why }: EventOf<'end'>) =>
      source !== event.source &&
      at < event.at &&
      (invoked < at || (why === 'lost' && invokedTime <= time + (leases.get(source) ?? 0)))
    const isBetween = ({ at }: { readonly at: number }) => invoked < at && at < event.at
    return (
      ends.some(isOverBy) ||
      losses.some(isBetween) ||
      suspects.some(suspect => suspect.source !== event.source && isBetween(suspect))
    )
  }
}

const either =
  (one: Excuse, other: Excuse): Excuse =>
  (publication, handOver) =>
    one(publication, handOver) || other(publication, handOver)

function inversions(ledger: Ledger, handOvers: readonly HandOver[], isExcused: Excuse): readonly Anomaly[] {
  const found: Anomaly[] = []
  const latest = new Map<string, { publication: Publication; handOver: HandOver }>()
  const inOrder = handOvers.toSorted((a, b) => a.event.at - b.event.at)
  for (const handOver of inOrder) {
    const publication = ordered(ledger, handOver)
    if (publication === undefined || isExcused(publication, handOver)) continue
    for (const before of latest.values()) {
      if (!precedes(publication, before.publication)) continue
      const { topic, subscription, id, at } = handOver.event
      const message = `${topic}/${subscription}: message ${id} came after ${before.publication.id}, before which it had been published.`
      found.push({
        check: 'publishOrder',
        message,
        events: [publication.invoked, before.publication.invoked, before.handOver.event.at, at],
      })
      break
    }
    const last = latest.get(publication.process)
    if (last === undefined || precedes(last.publication, publication)) {
      latest.set(publication.process, { publication, handOver })
    }
  }
  return found
}

/** The publish of a message that stands in the plain order; `undefined` for the others. */
function ordered(ledger: Ledger, { event }: HandOver): Publication | undefined {
  const sent = ledger.published.get(messageKey(event.topic, event.id)) ?? []
  const stored = sent.filter(({ result }) => result === 'stored')
  const [only] = stored
  if (stored.length !== 1 || sent.length !== 1 || only === undefined) return undefined
  const isPlain = only.key === undefined && only.delay === 0 && event.attempt === 1 && event.losses === 0
  return isPlain ? only : undefined
}
