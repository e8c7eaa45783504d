import type { HistoryEvent } from '@pluribus/conformance'

type Kind = HistoryEvent['kind']
type EventOf<K extends Kind> = Extract<HistoryEvent, { kind: K }>

/** A delivery, and whether it has ended its message. */
interface Handed {
  readonly subscription: string
  readonly id: string
  hasEnded: boolean
}

/**
 * What is known of a running workload, for knowing when to go on: it judges nothing. Events of one process come in their
 * order, those of several in any.
 */
export class Watch {
  readonly #subscriptions: readonly string[]
  readonly #counts = new Map<Kind, number>()
  /** The latest run of each process. */
  readonly #latestRuns = new Map<string, number>()
  readonly #stored = new Set<string>()
  /** By subscription, by message: how many of its deliveries have ended it, as far as anybody knows. */
  readonly #ended = new Map<string, Map<string, number>>()
  readonly #deliveries = new Map<string, Handed>()
  readonly #sent = new Map<string, number>()
  readonly #runs: EventOf<'run'>[] = []
  /** By process: deliveries that it has got and not settled. */
  readonly #inHand = new Map<string, number>()
  #open = 0

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
    return this.#open
  }

  /** When a process began its latest run; 0: never. */
  latestRun(process: string): number {
    return this.#latestRuns.get(process) ?? 0
  }

  /** How many deliveries a process has got and not settled, of all that it ever got. */
  inHand(process: string): number {
    return this.#inHand.get(process) ?? 0
  }

  /** Whether every subscription has begun to run a message that was sent after this time. */
  isFlowing(since: number): boolean {
    const isNew = ({ id, time }: EventOf<'run'>) => time >= since && (this.#sent.get(id) ?? 0) >= since
    return this.#subscriptions.every(name => this.#latest(since).some(run => run.subscription === name && isNew(run)))
  }

  /** Whether a process has begun a run of every subscription after this time. */
  isAtWork(process: string, since: number): boolean {
    const runs = this.#latest(since).filter(run => run.process === process)
    return this.#subscriptions.every(name => runs.some(run => run.subscription === name))
  }

  /** What is stored so far is waited for no longer. */
  forget(): void {
    for (const id of this.#stored) for (const ended of this.#ended.values()) ended.set(id, 1)
    this.#open = 0
  }

  read(event: HistoryEvent): void {
    this.#counts.set(event.kind, this.seen(event.kind) + 1)
    if (event.kind === 'publish') this.#sent.set(event.id, Math.min(event.time, this.#sent.get(event.id) ?? event.time))
    else if (event.kind === 'receipt') this.#receipt(event)
    else if (event.kind === 'deliver') this.#delivered(event)
    else if (event.kind === 'settle') this.#settling(event)
    else if (event.kind === 'settled' && isEnd(event) && event.result === 'stale') this.#end(event, false)
    else if (event.kind === 'run') this.#ran(event)
  }

  #ran(event: EventOf<'run'>): void {
    this.#runs.push(event)
    this.#latestRuns.set(event.process, event.time)
  }

  #receipt({ id, result }: EventOf<'receipt'>): void {
    if (id === undefined || this.#stored.has(id) || (result !== 'stored' && result !== 'duplicate')) return
    this.#stored.add(id)
    for (const ended of this.#ended.values()) if ((ended.get(id) ?? 0) === 0) this.#open++
  }

  #delivered(event: EventOf<'deliver'>): void {
    const { process, subscription, id } = event
    this.#deliveries.set(nameOf(event), { subscription, id, hasEnded: false })
    this.#inHand.set(process, this.inHand(process) + 1)
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
    const before = ended.get(handed.id) ?? 0
    const after = before + (hasEnded ? 1 : -1)
    ended.set(handed.id, after)
    if (this.#stored.has(handed.id) && (before === 0) !== (after === 0)) this.#open += hasEnded ? -1 : 1
  }

  /** The runs since a time, and some that began shortly before. */
  #latest(since: number): readonly EventOf<'run'>[] {
    // Those of several processes come almost in order.
    const at = this.#runs.findLastIndex(({ time }) => time < since - 1_000)
    return this.#runs.slice(at + 1).filter(({ time }) => time >= since)
  }
}

/** A delivery's name: its number is one of its process. */
const nameOf = ({ process, delivery }: { readonly process: string; readonly delivery: number }): string =>
  `${process}:${delivery}`

const isEnd = ({ as }: { readonly as: string }): boolean => as === 'ack' || as === 'reject'
