import { groupBy } from '../group-by.js'
import type { EventOf, HistoryEvent, PublishResult, SettleKind, SettleResult } from './event.js'

/** One attempt to store a message. Positions are those of events; `Infinity`: has not come. */
export interface Publication {
  readonly topic: string
  readonly id: string
  readonly process: string
  readonly batch: number
  readonly index: number
  readonly digest: string
  readonly key: string | undefined
  readonly priority: number
  readonly delay: number
  readonly invoked: number
  readonly invokedTime: number
  resolved: number
  result: PublishResult | undefined
}

/** One settlement of a delivery. */
export interface SettleCall {
  readonly as: SettleKind
  readonly delay: number | undefined
  readonly invoked: number
  resolved: number
  result: SettleResult | undefined
}

/** One hand-over of a message by an adapter. */
export interface HandOver {
  readonly event: EventOf<'deliver'>
  /** Until when it is surely held if nothing is said of it, in milliseconds; `Infinity` where there are no leases. */
  leaseEnd: number
  readonly settles: SettleCall[]
  /**
   * It was seen when its lease was over, counted from before the pull: its process slept, or its answer was long on its way.
   * When it was handed out nobody can tell, and others may have had it since.
   */
  readonly isLate: boolean
  /** When it was taken away, or its source was over. */
  gone: number
}

/** One run of a handler. */
export interface HandlerRun {
  readonly event: EventOf<'run'>
  aborted: number
  ended: number
}

/** A pull that nobody has seen the answer of. */
export interface Gap {
  readonly at: number
  readonly source: number
  /**
   * Until when the broker may still have executed it, in milliseconds: until the consumer's next source is there, before
   * which nothing of the old one's counts any more, or for a lease.
   */
  until: number
}

/** A history, read once: what all checks look at. */
export interface Ledger {
  readonly events: readonly HistoryEvent[]
  readonly publications: readonly Publication[]
  /** In order. Keys: {@link messageKey}. */
  readonly published: ReadonlyMap<string, readonly Publication[]>
  readonly handOvers: readonly HandOver[]
  /** In order, of one message in one subscription. Keys: {@link deliveryKey}. */
  readonly deliveries: ReadonlyMap<string, readonly HandOver[]>
  readonly runs: readonly HandlerRun[]
  /** Where a source was over with a pull under way, which may have taken messages that nobody has seen. */
  readonly gaps: readonly Gap[]
  readonly facts: <K extends HistoryEvent['kind']>(kind: K) => readonly EventOf<K>[]
}

export const messageKey = (topic: string, id: string): string => JSON.stringify([topic, id])
export const subscriptionKey = (topic: string, subscription: string): string => JSON.stringify([topic, subscription])
export const deliveryKey = (topic: string, subscription: string, id: string): string =>
  JSON.stringify([topic, subscription, id])

/** Reads a history. */
export function ledgerOf(events: readonly HistoryEvent[]): Ledger {
  return new Reading(events)
}

class Reading implements Ledger {
  readonly events: readonly HistoryEvent[]
  readonly publications: Publication[] = []
  readonly published = new Map<string, Publication[]>()
  readonly handOvers: HandOver[] = []
  readonly deliveries = new Map<string, HandOver[]>()
  readonly runs: HandlerRun[] = []
  readonly gaps: Gap[] = []
  readonly #dead = new Set<string>()
  /** The latest source of each consumer. */
  readonly #consumers = new Map<string, number>()
  readonly #sources = new Map<number, string>()
  readonly #kinds: Map<string, HistoryEvent[]>
  readonly #inBatch = new Map<string, Publication[]>()
  readonly #byNumber = new Map<number, HandOver>()
  readonly #runByNumber = new Map<number, HandlerRun>()
  readonly #leases = new Map<number, number | undefined>()
  readonly #over = new Set<number>()

  constructor(events: readonly HistoryEvent[]) {
    this.events = events
    this.#kinds = groupBy(events, event => event.kind)
    for (const event of events) this.#read(event)
  }

  facts = <K extends HistoryEvent['kind']>(kind: K): readonly EventOf<K>[] =>
    (this.#kinds.get(kind) ?? []) as EventOf<K>[]

  #read(event: HistoryEvent): void {
    if (event.kind === 'publish') this.#publish(event)
    else if (event.kind === 'published') this.#published(event)
    else if (event.kind === 'open') this.#opened(event)
    else if (event.kind === 'deliver') this.#deliver(event)
    else if (event.kind === 'settle' || event.kind === 'settled') this.#settle(event)
    else if (event.kind === 'renewed') this.#renewed(event)
    else if (event.kind === 'lost') for (const number of event.deliveries) this.#gone(this.#byNumber.get(number), event)
    else if (event.kind === 'end') {
      this.#over.add(event.source)
      for (const handOver of this.handOvers) if (handOver.event.source === event.source) this.#gone(handOver, event)
      if (event.unanswered) this.#gap(event.source, event.at)
    } else if (event.kind === 'died') this.#died(event)
    else this.#readRun(event)
  }

  #publish(event: EventOf<'publish'>): void {
    const { topic, id, process, batch, index, digest, key, priority, delay } = event
    const publication: Publication = {
      ...{ topic, id, process, batch, index, digest, key, priority, delay },
      ...{ invoked: event.at, invokedTime: event.time, resolved: Number.POSITIVE_INFINITY, result: undefined },
    }
    this.publications.push(publication)
    pushTo(this.published, messageKey(topic, id), publication)
    pushTo(this.#inBatch, batchKey(event), publication)
  }

  #published(event: EventOf<'published'>): void {
    // A batch may hold one id twice: answers come in the batch's order.
    const found = this.#inBatch.get(batchKey(event))?.find(({ result }) => result === undefined)
    if (found === undefined) return
    found.resolved = event.at
    found.result = event.result
  }

  #deliver(event: EventOf<'deliver'>): void {
    const lease = this.#leases.get(event.source) ?? Number.POSITIVE_INFINITY
    const leasedAt = (this.events[event.asked]?.time ?? event.time) - (event.waited ?? 0)
    // A process that has been killed may still tell what it did until then; and what was on its way to a source when that
    // was closed is given back with the rest.
    const isGone = this.#dead.has(event.process) || this.#over.has(event.source)
    const gone = isGone ? event.at : Number.POSITIVE_INFINITY
    const isLate = event.time >= leasedAt + lease
    const handOver: HandOver = { event, leaseEnd: leasedAt + lease, settles: [], isLate, gone }
    this.handOvers.push(handOver)
    this.#byNumber.set(event.delivery, handOver)
    pushTo(this.deliveries, deliveryKey(event.topic, event.subscription, event.id), handOver)
  }

  #settle(event: EventOf<'settle'> | EventOf<'settled'>): void {
    const settles = this.#byNumber.get(event.delivery)?.settles
    if (event.kind === 'settle') {
      const call = { as: event.as, delay: event.delay, invoked: event.at, resolved: Number.POSITIVE_INFINITY }
      settles?.push({ ...call, result: undefined })
      return
    }
    const call = settles?.find(({ as, result }) => as === event.as && result === undefined)
    if (call === undefined) return
    call.resolved = event.at
    call.result = event.result
  }

  #renewed(event: EventOf<'renewed'>): void {
    // Counted from before the call: the broker renewed it then or later.
    const from = this.events[event.asked]?.time ?? event.time
    for (const number of event.deliveries) {
      const handOver = this.#byNumber.get(number)
      const lease = handOver && this.#leases.get(handOver.event.source)
      if (handOver !== undefined && lease !== undefined) handOver.leaseEnd = Math.max(handOver.leaseEnd, from + lease)
    }
  }

  #opened(event: EventOf<'open'>): void {
    const { source, lease, process, topic, subscription, consumer } = event
    this.#leases.set(source, lease)
    this.#sources.set(source, process)
    if (consumer === undefined) return
    const name = JSON.stringify([process, topic, subscription, consumer])
    const before = this.#consumers.get(name)
    this.#consumers.set(name, source)
    for (const handOver of this.handOvers) if (handOver.event.source === before) this.#gone(handOver, event)
    for (const gap of this.gaps) if (gap.source === before) gap.until = event.time
  }

  #died({ at, who, known }: EventOf<'died'>): void {
    const last = known ? at : (this.events.findLast(event => event.process === who && event.at < at)?.at ?? at)
    for (const handOver of this.handOvers) {
      if (handOver.event.process === who) handOver.gone = Math.min(handOver.gone, last)
    }
    this.#dead.add(who)
    for (const [source, process] of this.#sources) if (process === who) this.#gap(source, last)
    for (const run of this.runs) if (run.event.process === who) run.ended = Math.min(run.ended, last)
  }

  #gap(source: number, at: number): void {
    const lease = this.#leases.get(source) ?? 0
    this.gaps.push({ at, source, until: (this.events[at]?.time ?? 0) + lease })
  }

  #gone(handOver: HandOver | undefined, event: HistoryEvent): void {
    if (handOver !== undefined) handOver.gone = Math.min(handOver.gone, event.at)
  }

  #readRun(event: HistoryEvent): void {
    if (event.kind === 'run') {
      const run = { event, aborted: Number.POSITIVE_INFINITY, ended: Number.POSITIVE_INFINITY }
      this.runs.push(run)
      this.#runByNumber.set(event.run, run)
    }
    if (event.kind !== 'abort' && event.kind !== 'ran') return
    const run = this.#runByNumber.get(event.run)
    if (run === undefined) return
    if (event.kind === 'abort') run.aborted = event.at
    else run.ended = event.at
  }
}

const batchKey = ({
  process,
  batch,
  topic,
  id,
}: {
  process: string
  batch: number
  topic: string
  id: string
}): string => JSON.stringify([process, batch, topic, id])

function pushTo<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}

/** The settlement that ended a delivery for good, as far as anybody knows: an ack or a reject that may have taken effect. */
export const finished = ({ settles }: HandOver): SettleCall | undefined =>
  settles.find(({ as, result }) => (as === 'ack' || as === 'reject') && (result === 'done' || isOpen(result)))

/** Whether a settlement may have taken effect or not: an adapter says `failed` also where it cannot know. */
export const isOpen = (result: SettleResult | undefined): boolean => result !== 'done' && result !== 'stale'
