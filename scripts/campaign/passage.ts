import type { HistoryEvent } from '@pluribus/conformance'

type EventOf<K extends HistoryEvent['kind']> = Extract<HistoryEvent, { kind: K }>

/** One hand-over of a message, in milliseconds of the monotonic clock; `Infinity`: has not come. */
export interface HandOver {
  readonly process: string
  readonly time: number
  /** How it was settled last, as far as that was asked for. */
  settle: { readonly as: string; readonly delay: number; readonly time: number } | undefined
  /** When that was answered, and how; or when its source was over. */
  answered: number
  result: string | undefined
}

/** A message's way through one subscription. */
export interface Passage {
  readonly subscription: string
  readonly id: string
  readonly handOvers: HandOver[]
  /** When each of its runs began, by attempt. */
  readonly runs: Map<number, number[]>
}

/** What was published and handed out, in a history that is in one order. */
export interface Passages {
  /** When each message was first sent to the broker. */
  readonly sent: ReadonlyMap<string, number>
  /** When its publisher was told that it is stored. */
  readonly stored: ReadonlyMap<string, number>
  readonly subscriptions: ReadonlySet<string>
  /** Keys: {@link passageKey}. */
  readonly all: ReadonlyMap<string, Passage>
}

export const passageKey = (subscription: string, id: string): string => `${subscription}/${id}`

/** Reads the ways of all messages out of a history. */
export function passagesOf(history: readonly HistoryEvent[]): Passages {
  const reading = new Reading()
  for (const event of history) reading.read(event)
  return reading
}

class Reading implements Passages {
  readonly sent = new Map<string, number>()
  readonly stored = new Map<string, number>()
  readonly subscriptions = new Set<string>()
  readonly all = new Map<string, Passage>()
  readonly #byNumber = new Map<number, HandOver>()

  read(event: HistoryEvent): void {
    // What the audit takes at the end is no part of the work.
    if (event.process === 'audit') return
    if (event.kind === 'declare') this.subscriptions.add(event.subscription)
    else if (event.kind === 'publish' && !this.sent.has(event.id)) this.sent.set(event.id, event.time)
    else if (event.kind === 'receipt') this.#receipt(event)
    else if (event.kind === 'deliver') this.#deliver(event)
    else if (event.kind === 'settle') this.#settle(event)
    else if (event.kind === 'settled') this.#settled(event)
    else if (event.kind === 'run') this.#run(event)
  }

  #receipt({ id, result, time }: EventOf<'receipt'>): void {
    const isStored = result === 'stored' || result === 'duplicate'
    if (id !== undefined && isStored && !this.stored.has(id)) this.stored.set(id, time)
  }

  #deliver({ subscription, id, delivery, process, time }: EventOf<'deliver'>): void {
    const handOver: HandOver = {
      ...{ process, time, settle: undefined, answered: Number.POSITIVE_INFINITY, result: undefined },
    }
    this.#passage(subscription, id).handOvers.push(handOver)
    this.#byNumber.set(delivery, handOver)
  }

  #settle({ delivery, as, delay = 0, time }: EventOf<'settle'>): void {
    const handOver = this.#byNumber.get(delivery)
    if (handOver === undefined) return
    handOver.settle = { as, delay, time }
    handOver.answered = Number.POSITIVE_INFINITY
    handOver.result = undefined
  }

  #settled({ delivery, result, time }: EventOf<'settled'>): void {
    const handOver = this.#byNumber.get(delivery)
    if (handOver === undefined) return
    handOver.answered = time
    handOver.result = result
  }

  #run({ subscription, id, attempt, time }: EventOf<'run'>): void {
    const { runs } = this.#passage(subscription, id)
    runs.set(attempt, [...(runs.get(attempt) ?? []), time])
  }

  #passage(subscription: string, id: string): Passage {
    const key = passageKey(subscription, id)
    const known = this.all.get(key)
    if (known !== undefined) return known
    const passage: Passage = { subscription, id, handOvers: [], runs: new Map() }
    this.all.set(key, passage)
    return passage
  }
}
