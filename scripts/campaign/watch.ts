import type { HistoryEvent } from '@pluribus/conformance'

type Kind = HistoryEvent['kind']
type EventOf<K extends Kind> = Extract<HistoryEvent, { kind: K }>

/** A delivery, and whether it has ended its message. */
interface Handed {
  readonly subscription: string
  readonly id: string
  hasEnded: boolean
  /** An end of it has failed, and may have counted all the same: that it is stale after that says nothing. */
  isInDoubt: boolean
}

/**
 * What is known of a running workload, for knowing when to go on: it judges nothing. Events of one process come in their
 * order, those of several in any. It is asked after every one of them, by a process that others wait for to read what they write: no
 * question may take longer because much has happened.
 */
export class Watch {
  readonly #subscriptions: readonly string[]
  readonly #counts = new Map<Kind, number>()
  /** When each process began its latest run, by subscription. */
  readonly #latestRuns = new Map<string, Map<string, number>>()
  /** By subscription: until when anything flows, as the latest that both was sent and ran after a time. */
  readonly #flowing = new Map<string, number>()
  /** When each was told to be stored. */
  readonly #stored = new Map<string, number>()
  /** By subscription, by message: how many of its deliveries have ended it, as far as anybody knows. */
  readonly #ended = new Map<string, Map<string, number>>()
  readonly #deliveries = new Map<string, Handed>()
  readonly #sent = new Map<string, number>()
  /** By process: deliveries that it has got and not settled. */
  readonly #inHand = new Map<string, number>()
  /** Of messages that are stored for sure and that a subscription has not ended with: when they were stored. */
  readonly #open = new Map<string, number>()

  constructor(subscriptions: readonly string[]) {
    this.#subscriptions = subscriptions
    for (const name of subscriptions) this.#ended.set(name, new Map())
  }

  /** How many events of a kind there have been. */
  seen(kind: Kind): number {
    return this.#counts.get(kind) ?? 0
  }

  /** How many of them have not been answered. */
  readonly unanswered = (kind: 'publish' | 'settle'): number =>
    this.seen(kind) - this.seen(kind === 'publish' ? 'published' : 'settled')

  /** Messages that are stored for sure and that a subscription has not ended with, over all subscriptions. */
  get unfinished(): number {
    return this.#open.size
  }

  /** Whether none of them was stored before this time. */
  isBack(since: number): boolean {
    for (const time of this.#open.values()) if (time < since) return false
    return true
  }

  /** When a process began its latest run; 0: never. */
  latestRun(process: string): number {
    return Math.max(0, ...(this.#latestRuns.get(process)?.values() ?? []))
  }

  /** How many deliveries a process has got and not settled, of all that it ever got. */
  inHand(process: string): number {
    return this.#inHand.get(process) ?? 0
  }

  /** Whether every subscription has begun to run a message that was sent after this time. */
  isFlowing(since: number): boolean {
    return this.#subscriptions.every(name => (this.#flowing.get(name) ?? Number.NEGATIVE_INFINITY) >= since)
  }

  /** Whether a process has begun a run of every subscription after this time. */
  isAtWork(process: string, since: number): boolean {
    const runs = this.#latestRuns.get(process)
    return this.#subscriptions.every(name => (runs?.get(name) ?? Number.NEGATIVE_INFINITY) >= since)
  }

  /** What is stored so far is waited for no longer. */
  forget(): void {
    for (const id of this.#stored.keys()) for (const ended of this.#ended.values()) ended.set(id, 1)
    this.#open.clear()
  }

  read(event: HistoryEvent): void {
    this.#counts.set(event.kind, this.seen(event.kind) + 1)
    if (event.kind === 'publish') this.#sent.set(event.id, Math.min(event.time, this.#sent.get(event.id) ?? event.time))
    else if (event.kind === 'receipt') this.#receipt(event)
    else if (event.kind === 'deliver') this.#delivered(event)
    else if (event.kind === 'settle') this.#settling(event)
    else if (event.kind === 'settled' && isEnd(event)) this.#settled(event)
    else if (event.kind === 'run') this.#ran(event)
  }

  #ran({ process, subscription, id, time }: EventOf<'run'>): void {
    const runs = this.#latestRuns.get(process) ?? new Map<string, number>()
    this.#latestRuns.set(process, runs.set(subscription, time))
    const since = Math.min(time, this.#sent.get(id) ?? Number.NEGATIVE_INFINITY)
    this.#flowing.set(subscription, Math.max(since, this.#flowing.get(subscription) ?? since))
  }

  #receipt({ id, result, time }: EventOf<'receipt'>): void {
    if (id === undefined || this.#stored.has(id) || (result !== 'stored' && result !== 'duplicate')) return
    this.#stored.set(id, time)
    for (const [name, ended] of this.#ended) if ((ended.get(id) ?? 0) === 0) this.#open.set(`${name}/${id}`, time)
  }

  #delivered(event: EventOf<'deliver'>): void {
    const { process, subscription, id } = event
    this.#deliveries.set(nameOf(event), { subscription, id, hasEnded: false, isInDoubt: false })
    this.#inHand.set(process, this.inHand(process) + 1)
  }

  #settled(event: EventOf<'settled'>): void {
    const handed = this.#deliveries.get(nameOf(event))
    if (handed === undefined || event.result === 'done') return
    if (event.result !== 'stale') handed.isInDoubt = true
    else if (!handed.isInDoubt) this.#end(event, false)
  }

  #settling(event: EventOf<'settle'>): void {
    this.#inHand.set(event.process, this.inHand(event.process) - 1)
    if (isEnd(event)) this.#end(event, true)
  }

  /** Whoever had it last is not the last one to tell: a frozen process hears late that its ack was stale. */
  #end(event: EventOf<'settle'> | EventOf<'settled'>, hasEnded: boolean): void {
    const handed = this.#deliveries.get(nameOf(event))
    const ended = handed && this.#ended.get(handed.subscription)
    if (handed === undefined || ended === undefined || handed.hasEnded === hasEnded) return
    handed.hasEnded = hasEnded
    const count = (ended.get(handed.id) ?? 0) + (hasEnded ? 1 : -1)
    ended.set(handed.id, count)
    const stored = this.#stored.get(handed.id)
    const key = `${handed.subscription}/${handed.id}`
    if (count > 0) this.#open.delete(key)
    else if (stored !== undefined) this.#open.set(key, stored)
  }
}

/** A delivery's name: its number is one of its process. */
const nameOf = ({ process, delivery }: { readonly process: string; readonly delivery: number }): string =>
  `${process}:${delivery}`

const isEnd = ({ as }: { readonly as: string }): boolean => as === 'ack' || as === 'reject'
