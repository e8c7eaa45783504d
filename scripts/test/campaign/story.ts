import type { HistoryEvent } from '@pluribus/conformance'

type Fact = HistoryEvent extends infer E ? (E extends HistoryEvent ? Omit<E, 'at' | 'time' | 'process'> : never) : never

const MESSAGE = { key: undefined, priority: 0, digest: 'd' }
const NAMES = { topic: 'orders', subscription: 'billing' }
const REST = { order: 'fifo', from: 'earliest', partitions: 1, retention: {} } as const

/** A history that is written by hand: of one topic and one subscription; times in milliseconds. */
export class Story {
  readonly events: HistoryEvent[] = []
  #numbers = 0

  declare(subscription: string): void {
    this.add(0, { kind: 'declare', topic: 'orders', subscription, ...REST })
  }

  add(time: number, fact: Fact, process = 'p1'): void {
    this.events.push({ ...fact, at: this.events.length, time, process } as HistoryEvent)
  }

  stored(time: number, id: string): void {
    this.add(time, { kind: 'publish', topic: 'orders', id, batch: 1, index: 0, delay: 0, ...MESSAGE })
    this.add(time + 1, { kind: 'receipt', topic: 'orders', id, result: 'stored' })
  }

  /** Sent to the broker, and answered. */
  published(time: number, id: string, result: 'stored' | 'unknown' = 'stored'): void {
    this.add(time, { kind: 'publish', topic: 'orders', id, batch: 1, index: 0, delay: 0, ...MESSAGE })
    this.add(time + 1, { kind: 'published', topic: 'orders', id, batch: 1, result })
  }

  /** Handed out and run; answers the delivery's number. */
  run(time: number, id: string, process = 'p1', attempt = 1): number {
    const delivery = ++this.#numbers
    const about = { ...NAMES, ...MESSAGE, id, attempt }
    this.add(time, { kind: 'deliver', source: 1, delivery, asked: 0, losses: 0, marks: 0, ...about }, process)
    this.add(time, { kind: 'run', run: delivery, ...NAMES, id, key: undefined, attempt }, process)
    return delivery
  }

  settle(time: number, delivery: number, as: 'ack' | 'retry' = 'ack', delay = 0): void {
    this.add(time, { kind: 'settle', delivery, as, delay }, this.#processOf(delivery))
  }

  settled(
    time: number,
    delivery: number,
    as: 'ack' | 'retry' = 'ack',
    result: 'done' | 'stale' | 'failed' = 'done',
  ): void {
    this.add(time, { kind: 'settled', delivery, as, result }, this.#processOf(delivery))
  }

  acked(time: number, delivery: number): void {
    this.settle(time, delivery)
    this.settled(time + 1, delivery)
  }

  #processOf(delivery: number): string | undefined {
    return this.events.find(event => event.kind === 'deliver' && event.delivery === delivery)?.process
  }
}
