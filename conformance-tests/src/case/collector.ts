import type { Broker, ConsumerHandle, Context, Message, Subscription } from '@pluribus/core'
import type { Recording } from '../history/recording.js'
import type { Behaviour } from './behaviour.js'
import { FENCE } from './fence.js'

/** One run that a collector has seen. */
export interface CollectedRun {
  readonly message: Message<unknown>
  readonly attempt: number
  readonly losses: number
  /** Milliseconds of the case's monotonic clock. */
  readonly startedAt: number
  endedAt: number | undefined
  readonly context: Context
}

type Ended = 'acked' | 'dead' | 'released' | 'stale' | 'lost'

/** A handler that records: what a case looks at. Lists are in the order in which things happened; fences are not in them. */
export class Collector {
  readonly #recording: Recording
  readonly #monotonic: () => number
  readonly #ends = new Map<Ended, string[]>()
  readonly #fences = new Set<string>()
  readonly #reached = new Set<string>()
  readonly broker: Broker
  readonly subscription: Subscription<unknown>
  /** Every run, in the order in which they began. */
  readonly runs: CollectedRun[] = []
  #running = 0
  #mostRunning = 0
  #handle: ConsumerHandle | undefined

  constructor(broker: Broker, subscription: Subscription<unknown>, recording: Recording, monotonic: () => number) {
    this.broker = broker
    this.subscription = subscription
    this.#recording = recording
    this.#monotonic = monotonic
    for (const end of ['acked', 'dead', 'released', 'stale', 'lost'] as const) {
      broker.on(`delivery.${end}`, event => {
        if (event.topic !== subscription.topic.name || event.subscription !== subscription.name) return
        if (!this.#fences.has(event.id)) this.#list(end).push(event.id)
      })
    }
  }

  get handle(): ConsumerHandle {
    if (this.#handle === undefined) throw new Error('The collector has not been subscribed yet.')
    return this.#handle
  }

  set handle(handle: ConsumerHandle) {
    this.#handle = handle
  }

  /** The message ids of the runs: one for each run. */
  get ids(): readonly string[] {
    return this.runs.map(({ message }) => message.id)
  }

  /** The `n` of each run's data. */
  get numbers(): readonly number[] {
    return this.runs.map(({ message }) => (message.data as { n: number }).n)
  }

  get attempts(): readonly number[] {
    return this.runs.map(({ attempt }) => attempt)
  }

  /** Ids of what the broker has confirmed to be acked, dead-lettered, given back, refused as stale, taken away. */
  get acked(): readonly string[] {
    return this.#list('acked')
  }

  get dead(): readonly string[] {
    return this.#list('dead')
  }

  get released(): readonly string[] {
    return this.#list('released')
  }

  get stale(): readonly string[] {
    return this.#list('stale')
  }

  get lost(): readonly string[] {
    return this.#list('lost')
  }

  /** Handlers that are running now, and the most that ever were at once. */
  get running(): number {
    return this.#running
  }

  get mostRunning(): number {
    return this.#mostRunning
  }

  runsOf(id: string): readonly CollectedRun[] {
    return this.runs.filter(({ message }) => message.id === id)
  }

  /** Whether a fence has come. */
  hasReached(fence: string): boolean {
    return this.#reached.has(fence)
  }

  close(): Promise<void> {
    return this.handle.close()
  }

  /** The handler to subscribe. */
  handler<T>(behaviour: Behaviour<T>): Behaviour<T> {
    return (message, context) => {
      const fence = message.headers[FENCE]
      if (fence !== undefined) {
        this.#fences.add(message.id)
        this.#reached.add(fence)
        return undefined
      }
      return this.#run(message, context, behaviour)
    }
  }

  #run<T>(message: Message<T>, context: Context, behaviour: Behaviour<T>): ReturnType<Behaviour<T>> {
    const { history, process } = this.#recording
    const run: CollectedRun = {
      ...{ message, attempt: context.attempt, losses: context.losses, context },
      ...{ startedAt: this.#monotonic(), endedAt: undefined },
    }
    const number = history.number()
    const { id, key, topic } = message
    this.runs.push(run)
    this.#mostRunning = Math.max(this.#mostRunning, ++this.#running)
    history.add(process, {
      kind: 'run',
      run: number,
      topic,
      subscription: context.subscription,
      id,
      key,
      attempt: context.attempt,
    })
    context.signal.addEventListener('abort', () => history.add(process, { kind: 'abort', run: number }), { once: true })
    const ended = (outcome: 'returned' | 'threw', result?: unknown) => {
      this.#running--
      run.endedAt = this.#monotonic()
      history.add(process, { kind: 'ran', run: number, outcome, ...resultOf(result) })
    }
    return follow(() => behaviour(message, context), ended)
  }

  #list(end: Ended): string[] {
    const list = this.#ends.get(end) ?? []
    this.#ends.set(end, list)
    return list
  }
}

/** Calls back when the behaviour has ended, and is synchronous where the behaviour is. */
function follow<R>(behaviour: () => R, ended: (outcome: 'returned' | 'threw', result?: unknown) => void): R {
  try {
    const returned = behaviour()
    if (!(returned instanceof Promise)) {
      ended('returned', returned)
      return returned
    }
    returned.then(
      result => ended('returned', result),
      error => ended('threw', error),
    )
    return returned
  } catch (error) {
    ended('threw', error)
    throw error
  }
}

function resultOf(result: unknown): { result?: string } {
  if (result === undefined) return {}
  if (result instanceof Error) return { result: `${result.name}: ${result.message}` }
  const isOutcome = typeof result === 'object' && result !== null && 'kind' in result
  return { result: isOutcome ? String(result.kind) : typeof result }
}
