import type { Adapter, Classified, Connection, ConnectionEvents } from '../driver/adapter.js'
import type { Capabilities } from '../driver/capabilities.js'
import type { Environment } from '../driver/environment.js'
import type { StoredMessage } from '../driver/message.js'
import type { Delivery } from '../driver/subscriber.js'
import { isPluribusError, type PublishOutcome } from '../errors/pluribus-error.js'
import { CallGate } from './call-gate.js'
import { FaultPlan } from './fault-plan.js'
import type { FaultOperation, FaultScript } from './fault-script.js'
import { Generation } from './generation.js'
import type { GenerationOwner, Leftover } from './generation-owner.js'
import type { GenerationSource } from './generation-source.js'
import { InjectedFault } from './injected-fault.js'
import type {
  FailMessagesOptions,
  FailOptions,
  GateOptions,
  LoseOptions,
  TimesOptions,
  UnreliableAdapter,
} from './unreliable-adapter.js'
import { UnreliableConnection } from './unreliable-connection.js'

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen)
  return value
}

const narrowed = (claimed: Capabilities, script: FaultScript): Capabilities =>
  frozen(structuredClone({ ...claimed, ...script.capabilities }))

class Unreliable implements UnreliableAdapter, GenerationOwner {
  readonly name: string
  readonly capabilities: Capabilities
  readonly plan: FaultPlan
  readonly gate = new CallGate()
  readonly #inner: Adapter
  readonly #script: FaultScript
  readonly #live = new Map<Leftover, Generation>()
  readonly #left = new Set<Leftover>()
  #killed = false

  constructor(inner: Adapter, script: FaultScript) {
    this.#inner = inner
    this.#script = script
    this.name = inner.name
    this.capabilities = narrowed(inner.capabilities, script)
    this.plan = new FaultPlan(script.steps ?? [])
  }

  connect(environment: Environment, events: ConnectionEvents): Promise<Connection> {
    const generation = new Generation(this, environment, events)
    this.#live.set(generation, generation)
    return generation.connect(
      () => this.#inner.connect(generation.innerEnvironment, generation.innerEvents),
      inner => new UnreliableConnection(inner, generation, narrowed(inner.capabilities, this.#script)),
    )
  }

  /** The adapter inside comes before our own words: it may have its own view of them. */
  classify(error: unknown): Classified {
    const injected = InjectedFault.classified(error)
    if (injected !== undefined) return injected
    const classified = this.#inner.classify(error)
    if (classified.code !== 'UNKNOWN' || !isPluribusError(error)) return classified
    return { code: error.code, retryable: error.retryable }
  }

  over(generation: Leftover, left: boolean): void {
    this.#live.delete(generation)
    if (left) this.#left.add(generation)
  }

  cut(cause?: unknown): boolean {
    return [...this.#live.values()].filter(generation => generation.cut(cause)).length > 0
  }

  refuse(error: unknown = new InjectedFault('the connection was refused')): void {
    this.plan.armConnects({ kind: 'fail', error, cut: false })
  }

  hangConnects(): void {
    this.plan.armConnects({ kind: 'hang' })
  }

  accept(): void {
    this.plan.armConnects()
  }

  loseReplies(operation: FaultOperation, { times = 1, hang = false }: LoseOptions = {}): void {
    this.plan.arm(operation, { kind: 'lose-reply', hang }, times)
  }

  failBefore(operation: FaultOperation, options: FailOptions = {}): void {
    const { times = 1, cut = false, error = new InjectedFault(`${operation} failed`) } = options
    this.plan.arm(operation, { kind: 'fail', error, cut }, times)
  }

  failMessages(
    matches: (message: StoredMessage) => boolean,
    outcome: PublishOutcome,
    options: FailMessagesOptions = {},
  ): () => void {
    const { times = Number.POSITIVE_INFINITY, stored = true, error = new InjectedFault('the message failed') } = options
    return this.plan.armMessages({ matches, outcome, stored: stored && outcome === 'unknown', error }, times)
  }

  settleExceptions(kind: 'failed' | 'stale', { times = 1 }: TimesOptions = {}): void {
    this.plan.armSettles(kind, times)
  }

  hold(operation: FaultOperation, { side = 'request' }: GateOptions = {}): () => void {
    return this.gate.hold(side, operation)
  }

  delay(operation: FaultOperation, ms: number, { side = 'request' }: GateOptions = {}): void {
    this.gate.delay(side, operation, ms)
  }

  takeLeases(filter: (delivery: Delivery) => boolean = () => true): number {
    return this.#sources().reduce((taken, source) => taken + source.take(filter), 0)
  }

  endSources(
    cause: unknown = new InjectedFault('the broker ended the source'),
    { giveBack = true }: { readonly giveBack?: boolean } = {},
  ): number {
    const sources = this.#sources()
    for (const source of sources) source.endByBroker(cause, giveBack)
    return sources.length
  }

  kill(soon = false): void {
    if (this.#killed) return
    this.#killed = true
    const dying = [...this.#live.values()]
    const finish = () => {
      for (const generation of dying) generation.die(new InjectedFault('the process was killed'))
    }
    if (soon) queueMicrotask(finish)
    else finish()
  }

  heal(): void {
    this.plan.disarm()
    this.gate.open()
  }

  async dispose(): Promise<void> {
    const left = [...this.#left]
    this.#left.clear()
    await Promise.all(left.map(generation => generation.dispose()))
  }

  get killed(): boolean {
    return this.#killed
  }

  get generation(): number {
    return this.plan.connected
  }

  get connects(): number {
    return this.calls('connect')
  }

  get publishedBatches(): number {
    return this.executed('publish')
  }

  get publishedMessages(): number {
    return this.plan.publishedMessages
  }

  get held(): readonly Delivery[] {
    return this.#sources().flatMap(source => source.held)
  }

  calls(operation: FaultOperation): number {
    return this.plan.calls(operation)
  }

  executed(operation: FaultOperation): number {
    return this.plan.executed(operation)
  }

  #sources(): readonly GenerationSource[] {
    const all = [...this.#live.values()].flatMap(generation => [...generation.sources])
    return all.filter(source => !source.isOver)
  }
}

/**
 * Wraps an adapter as one broker object sees it, and adds controls that break it: see {@link UnreliableAdapter}. Several brokers
 * over one store are several of these, each around an adapter of its own over that store. Without a fault it is
 * transparent.
 *
 * @param script What goes wrong by itself, and which capabilities it no longer claims. Default: nothing.
 *
 * @example
 * ```ts
 * import { createBroker } from '@pluribus/core'
 * import type { Adapter } from '@pluribus/core/driver'
 * import { unreliable, VirtualClock } from '@pluribus/core/testing'
 *
 * async function reconnects(inner: Adapter): Promise<boolean> {
 *   const clock = new VirtualClock()
 *   const adapter = unreliable(inner)
 *   await clock.run(createBroker({ adapter, environment: clock.environment() }))
 *   adapter.cut()
 *   await clock.until(() => adapter.generation === 2, { within: 30_000 })
 *   return adapter.connects === 2
 * }
 * ```
 */
export function unreliable(adapter: Adapter, script: FaultScript = {}): UnreliableAdapter {
  return new Unreliable(adapter, script)
}
