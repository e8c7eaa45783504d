import type { Delivery, Environment, Pulled, Settled, SettleException, Source } from '@pluribus/core/driver'
import { recordingLogger, type VirtualClock } from '@pluribus/core/testing'
import { Watchdog } from '../../src/engine/connection/watchdog.js'
import type { CausedPublisher } from '../../src/engine/consuming/run.js'
import { Run } from '../../src/engine/consuming/run.js'

export const environmentOf = (clock: VirtualClock): Environment =>
  ({ instance: 'test', logger: recordingLogger(), ...clock.environment() }) as Environment

export const watchdogOf = (clock: VirtualClock): Watchdog => new Watchdog(environmentOf(clock), 10_000, () => {})

export function delivery(id: number, more: Partial<Delivery> = {}): Delivery {
  const message = {
    id: String(id),
    topic: 't',
    payload: 'null',
    contentType: 'application/json',
    key: undefined,
    priority: 0,
    headers: {},
    time: 0,
    source: 's',
    version: 1,
    correlationId: undefined,
    causationId: undefined,
  }
  return { message, token: id, attempt: 1, losses: 0, marks: 0, suspect: false, ...more }
}

export const runOf = (of: Delivery): Run =>
  new Run(of, undefined as never, { subscription: 's', publisher: undefined as unknown as CausedPublisher })

interface Answer<T> {
  resolve(value: T): void
  reject(error: unknown): void
}

/** A source that answers when it is told to. */
export class ManualSource implements Source {
  readonly pulls: (Answer<Pulled> & { max: number })[] = []
  readonly settles: (Answer<readonly SettleException[]> & { settled: Settled })[] = []

  pull(max: number): Promise<Pulled> {
    return new Promise((resolve, reject) => this.pulls.push({ max, resolve, reject }))
  }
  settle(settled: Settled): Promise<readonly SettleException[]> {
    return new Promise((resolve, reject) => this.settles.push({ settled, resolve, reject }))
  }
  async mark(): Promise<void> {}
  async close(): Promise<void> {}
}
