import { checkHistory } from '../../src/history/check-history.js'
import type { HistoryEvent, Promises, SettleKind, SettleResult } from '../../src/history/event.js'
import { History } from '../../src/history/history.js'

const TOPIC = 'orders'
const SUBSCRIPTION = 'billing'
export const LEASE = 30_000

export const EXACT: Promises = {
  settle: 'stored',
  fencing: 'exact',
  attempts: 'stored',
  keys: 'key',
  deduplication: { window: 300_000, ids: 'supplied' },
}

type Fact<K extends HistoryEvent['kind']> = Partial<Extract<HistoryEvent, { kind: K }>>

/** A history that is written by hand: of one topic, one subscription, and as many processes as are named. */
export class Story {
  now = 0
  readonly #history = new History({ monotonic: () => this.now })
  readonly #sources = new Map<string, number>()
  readonly #deliveries = new Map<number, string>()
  #batch = 0

  get events(): readonly HistoryEvent[] {
    return this.#history.events
  }

  declare(changes: Fact<'declare'> = {}): void {
    const base = {
      topic: TOPIC,
      subscription: SUBSCRIPTION,
      order: 'fifo',
      from: 'earliest',
      partitions: 1,
      retention: {},
    } as const
    this.#history.add('p1', { kind: 'declare', ...base, ...changes })
  }

  /** Publishes in one batch; `result: undefined` for one that is never answered. */
  publish(
    ids: string | readonly string[],
    changes: Fact<'publish'> & {
      result?: 'stored' | 'duplicate' | 'definite' | 'unknown' | undefined
      process?: string
    } = {},
  ): void {
    const { result, process = 'publisher', ...more } = { result: 'stored' as const, ...changes }
    const batch = ++this.#batch
    const list = typeof ids === 'string' ? [ids] : ids
    for (const [index, id] of list.entries()) {
      const base = { topic: TOPIC, id, batch, index, digest: `digest of ${id}`, key: undefined, priority: 0, delay: 0 }
      this.#history.add(process, { kind: 'publish', ...base, ...more })
    }
    if (result === undefined) return
    for (const id of list) this.#history.add(process, { kind: 'published', topic: TOPIC, id, batch, result })
  }

  receipt(id: string, result: 'stored' | 'duplicate' | 'definite' | 'unknown' = 'stored'): void {
    this.#history.add('publisher', { kind: 'receipt', topic: TOPIC, id, result })
  }

  /** Pulled by the process's source, which is opened when it is first needed. Answers the delivery's number. */
  deliver(id: string, changes: Fact<'deliver'> = {}, process = 'p1'): number {
    const source = this.#source(process)
    const asked = this.#history.add(process, { kind: 'pull', source, max: 1 })
    const delivery = this.#history.number()
    this.#deliveries.set(delivery, process)
    const base = {
      topic: TOPIC,
      subscription: SUBSCRIPTION,
      id,
      digest: `digest of ${id}`,
      key: undefined,
      priority: 0,
    }
    this.#history.add(process, {
      kind: 'deliver',
      source,
      delivery,
      asked,
      ...base,
      attempt: 1,
      losses: 0,
      marks: 0,
      ...changes,
    })
    return delivery
  }

  /** A pull whose answer nobody has seen yet; answers where it stands. */
  pull(process = 'p1'): number {
    return this.#history.add(process, { kind: 'pull', source: this.#source(process), max: 1 })
  }

  /** `result: undefined` for one that is never answered. */
  settle(delivery: number, as: SettleKind = 'ack', result: SettleResult | undefined = 'done'): void {
    const process = this.#deliveries.get(delivery) ?? 'p1'
    this.#history.add(process, { kind: 'settle', delivery, as })
    if (result !== undefined) this.#history.add(process, { kind: 'settled', delivery, as, result })
  }

  lost(delivery: number): void {
    const process = this.#deliveries.get(delivery) ?? 'p1'
    this.#history.add(process, { kind: 'lost', source: this.#source(process), deliveries: [delivery] })
  }

  renewed(delivery: number): void {
    const asked = this.#history.events.length
    this.#history.add(this.#deliveries.get(delivery) ?? 'p1', { kind: 'renewed', asked, deliveries: [delivery] })
  }

  /** The process's source ends; the next delivery opens another one. */
  end(process = 'p1', why: 'closed' | 'ended' | 'lost' = 'closed', unanswered = false): void {
    this.#history.add(process, { kind: 'end', source: this.#source(process), why, unanswered })
    this.#sources.delete(process)
  }

  /** A process is killed now, or was found to have died. */
  died(who: string, known = true): void {
    this.#history.add('suite', { kind: 'died', who, known })
  }

  redrive(ids: readonly string[] | 'all' = 'all'): void {
    this.#history.add('p1', { kind: 'redrive', topic: TOPIC, subscription: SUBSCRIPTION, ids })
  }

  discard(ids: readonly string[] | 'all' = 'all'): void {
    this.#history.add('p1', { kind: 'discard', topic: TOPIC, subscription: SUBSCRIPTION, ids })
  }

  remove(): void {
    this.#history.add('p1', { kind: 'remove', topic: TOPIC, subscription: SUBSCRIPTION })
  }

  trim(): void {
    this.#history.add('p1', { kind: 'trim', topic: TOPIC })
  }

  /** A run begins; answers how to end it and how to abort it. */
  run(id: string, changes: Fact<'run'> = {}, process = 'p1'): { end(): void; abort(): void } {
    const run = this.#history.number()
    this.#history.add(process, {
      kind: 'run',
      run,
      topic: TOPIC,
      subscription: SUBSCRIPTION,
      id,
      key: undefined,
      attempt: 1,
      ...changes,
    })
    return {
      end: () => void this.#history.add(process, { kind: 'ran', run, outcome: 'returned' }),
      abort: () => void this.#history.add(process, { kind: 'abort', run }),
    }
  }

  audit(found: { left?: readonly string[]; dead?: readonly string[]; complete?: boolean } = {}): void {
    const { left = [], dead = [], complete = true } = found
    this.#history.add('audit', { kind: 'audit', topic: TOPIC, subscription: SUBSCRIPTION, left, dead, complete })
  }

  /** What the checks find: each as `name: message`. */
  judge(promises: Partial<Promises> = {}): readonly string[] {
    return checkHistory(this.events, { ...EXACT, ...promises }).map(({ check, message }) => `${check}: ${message}`)
  }

  /** The process opens its next source in place of the one that it had. */
  replace(process = 'p1'): void {
    this.#sources.delete(process)
    this.#source(process)
  }

  #source(process: string): number {
    const known = this.#sources.get(process)
    if (known !== undefined) return known
    const source = this.#history.number()
    this.#sources.set(process, source)
    this.#history.add(process, {
      kind: 'open',
      source,
      topic: TOPIC,
      subscription: SUBSCRIPTION,
      lease: LEASE,
      window: 256,
      consumer: 1,
    })
    return source
  }
}
