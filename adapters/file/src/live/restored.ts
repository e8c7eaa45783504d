import type { Restored, Stretch } from '@pluribus/queue'
import { stretchesIn } from '../format/bits.js'
import { CHUNK } from '../model/message-chunk.js'
import type { Place } from '../model/places.js'
import type { SubscriptionModel } from '../model/subscription-model.js'
import type { TopicModel } from '../model/topic-model.js'

interface Displaced {
  readonly position: number
  readonly place: Place
}

/** Who has what was handed out and not settled. */
export interface Holders {
  /** The number of an instance. */
  numberOf(instance: string): number
  /** When it is lost, by the folder's clock, unless whoever has it comes back before; undefined where it is lost already. */
  readonly until: number | undefined
}

/**
 * What a subscription has still to handle, in the order in which its queue wants to hear of it: that of places, then what is not due
 * yet, then the dead. Of a chunk of positions of which there is nothing else to tell, stretches: most are such.
 */
export function* restoredFrom(
  topic: TopicModel,
  subscription: SubscriptionModel,
  holders: Holders,
): Generator<Restored | Stretch, void, undefined> {
  const { pending, deaths } = subscription
  const scheduled = topic.places
    .scheduled()
    .filter(({ position }) => pending.has(position) && !deaths.has(position))
    .sort((a, b) => a.position - b.position)
  const displaced = displacedIn(topic, subscription)
  const elsewhere = new Set([...scheduled, ...displaced].map(({ position }) => position))
  const ready = (position: number) => restored(subscription, position, holders)
  const told = toldOneByOne(subscription, elsewhere)
  let next = 0
  for (const { number, bits } of pending.chunks()) {
    const stretches = stretchesIn(bits, number * CHUNK)
    if (!told.has(number) && isBehind(displaced[next], number + 1)) {
      yield* stretches
      continue
    }
    for (const position of positionsOf(stretches)) {
      for (; next < displaced.length; next++) {
        const { position: earlier, place } = displaced[next] as Displaced
        if (place.before > position) break
        yield ready(earlier)
      }
      if (!elsewhere.has(position) && !deaths.has(position)) yield ready(position)
    }
  }
  for (; next < displaced.length; next++) yield ready((displaced[next] as Displaced).position)
  for (const { position, due } of scheduled) yield { position, state: 'scheduled', due, trouble: undefined }
  for (const position of deaths.keys()) yield { position, state: 'dead', due: 0, trouble: undefined }
}

/** Chunks with a position of which more is to be told than that it is ready, or which stands elsewhere. */
function toldOneByOne(
  { taken, troubles, deaths }: SubscriptionModel,
  elsewhere: ReadonlySet<number>,
): ReadonlySet<number> {
  const told = new Set<number>()
  for (const positions of [taken.keys(), troubles.keys(), deaths.keys(), elsewhere]) {
    for (const position of positions) told.add(Math.floor(position / CHUNK))
  }
  return told
}

/** Whether it stands in a chunk or behind that. */
const isBehind = (displaced: Displaced | undefined, chunk: number): boolean =>
  displaced === undefined || displaced.place.before >= chunk * CHUNK

function* positionsOf(stretches: readonly Stretch[]): Generator<number, void, undefined> {
  for (const { from, to } of stretches) for (let position = from; position < to; position++) yield position
}

/** What does not stand at its position, in the order in which it stands. */
function displacedIn(topic: TopicModel, { pending, deaths, revived }: SubscriptionModel): readonly Displaced[] {
  const displaced: Displaced[] = []
  for (const [position, place] of topic.places.entries()) {
    if (pending.has(position) && !deaths.has(position) && !revived.has(position)) displaced.push({ position, place })
  }
  for (const [position, place] of revived) displaced.push({ position, place })
  return displaced.sort((a, b) => a.place.before - b.place.before || a.place.order - b.place.order)
}

function restored(
  { taken, marked, troubles }: SubscriptionModel,
  position: number,
  { numberOf, until }: Holders,
): Restored {
  const held = troubles.get(position)
  const instance = taken.get(position)
  if (held === undefined && instance === undefined) return { position, state: 'ready', due: 0, trouble: undefined }
  const { failures = 0, losses = 0, marks = 0, due = 0 } = held ?? {}
  const holder = instance === undefined ? undefined : numberOf(instance)
  const isLeased = holder !== undefined && until !== undefined
  const lostMarked = marked.has(position)
  const trouble = { failures, losses, marks, lostBy: isLeased ? undefined : holder, lostMarked }
  if (!isLeased) return { position, state: holder === undefined && due > 0 ? 'retrying' : 'ready', due, trouble }
  const isTroubled = held !== undefined || lostMarked
  return { position, state: 'leased', due: until, holder, trouble: isTroubled ? trouble : undefined }
}
