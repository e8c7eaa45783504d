import type { Delivery, Pulled, Settled, SettleException, Settlement, Source, Token } from '../driver/subscriber.js'
import { NO_EXCEPTIONS } from '../driver/subscriber.js'
import type { FaultOperation } from './fault-script.js'
import type { Generation } from './generation.js'
import type { GenerationSource } from './generation-source.js'
import { InjectedFault } from './injected-fault.js'
import type { SourceLine } from './source-line.js'

/**
 * A source whose broker can take deliveries away. It knows what it has handed out: a delivery is held from the pull that
 * brought it until the settle that the inner source has accepted.
 */
export class UnreliableSource implements Source, GenerationSource {
  readonly transferred?: number
  readonly renew?: (batch: readonly Delivery[]) => Promise<readonly Token[]>
  readonly #inner: Source
  readonly #generation: Generation
  readonly #line: SourceLine
  readonly #held = new Map<Token, Delivery>()
  /** Held ones whose settle is under way inside: too late to take them. */
  readonly #settling = new Set<Token>()
  readonly #taken = new Set<Token>()

  constructor(inner: Source, generation: Generation, line: SourceLine) {
    this.#inner = inner
    this.#generation = generation
    this.#line = line
    line.onLost = tokens => this.#forget(tokens)
    if (inner.transferred !== undefined) this.transferred = inner.transferred
    const renew = inner.renew?.bind(inner)
    if (renew) this.renew = batch => this.#call('renew', () => this.#renew(batch, renew))
  }

  get isOver(): boolean {
    return this.#line.isOver
  }

  get held(): readonly Delivery[] {
    return [...this.#held.values()]
  }

  pull(max: number): Promise<Pulled> {
    const hold = ({ deliveries }: Pulled) => {
      for (const delivery of deliveries) {
        this.#taken.delete(delivery.token)
        this.#held.set(delivery.token, delivery)
      }
    }
    return this.#call('pull', () => this.#inner.pull(max), hold)
  }

  mark(delivery: Delivery): Promise<void> {
    return this.#call('mark', () => {
      if (!this.#taken.has(delivery.token)) return this.#inner.mark(delivery)
      return Promise.reject(new InjectedFault('the lease of the marked delivery was lost', 'STALE'))
    })
  }

  settle(settled: Settled): Promise<readonly SettleException[]> {
    return this.#call('settle', () =>
      this.#taken.size === 0 && !this.#generation.plan.spoilsSettles
        ? this.#settleInside(settled)
        : this.#settleSome(settled),
    )
  }

  close(): Promise<void> {
    const close = () => {
      if (this.#line.isOver) return Promise.resolve()
      this.#line.close()
      this.#generation.sources.delete(this)
      this.#held.clear()
      return this.#inner.close()
    }
    return this.#generation.call('closeSource', close, { target: this, afterCut: () => {} })
  }

  end(cause: unknown): void {
    this.#line.end(cause)
  }

  endByBroker(cause: unknown, giveBack: boolean): void {
    this.end(cause)
    if (giveBack) this.#inner.close().catch(error => this.#warn(error, 'an ended source did not close'))
  }

  /** Core is told first, then they become available inside. */
  take(filter: (delivery: Delivery) => boolean): number {
    const taken = this.held.filter(delivery => !this.#settling.has(delivery.token) && filter(delivery))
    if (taken.length === 0) return 0
    const tokens = taken.map(delivery => delivery.token)
    this.#forget(tokens)
    for (const token of tokens) this.#taken.add(token)
    this.#line.events.lost(tokens)
    const others = tokens.map((token): Settlement => ({ kind: 'release', token }))
    this.#inner
      .settle({ acks: NO_EXCEPTIONS, others })
      .catch(error => this.#warn(error, 'taken deliveries were not released'))
    return tokens.length
  }

  #call<T>(operation: FaultOperation, execute: () => Promise<T>, answered?: (value: T) => void): Promise<T> {
    const guarded = () =>
      this.#line.isOver ? Promise.reject(new InjectedFault(`${operation}: the source is over`)) : execute()
    return this.#generation.call(operation, guarded, { target: this, ...(answered ? { answered } : {}) })
  }

  async #renew(batch: readonly Delivery[], renew: (batch: readonly Delivery[]) => Promise<readonly Token[]>) {
    const ours = batch.filter(delivery => !this.#taken.has(delivery.token))
    const gone = batch.filter(delivery => this.#taken.has(delivery.token)).map(delivery => delivery.token)
    const lost = ours.length === 0 ? NO_EXCEPTIONS : await renew(ours)
    this.#forget(lost)
    return gone.length === 0 ? lost : [...gone, ...lost]
  }

  /** Answers for what has been taken or is to fail; what is stale by script becomes available inside. */
  async #settleSome({ acks, others }: Settled): Promise<readonly SettleException[]> {
    const answers: SettleException[] = []
    const released: Settlement[] = []
    const spared = (token: Token): boolean => {
      const isTaken = this.#taken.has(token)
      const fault = isTaken ? 'stale' : this.#generation.plan.settleFault()
      if (fault === 'stale') answers.push({ token, kind: 'stale' })
      if (fault === 'failed') answers.push({ token, kind: 'failed', error: new InjectedFault('the settle failed') })
      if (fault === 'stale' && !isTaken) released.push({ kind: 'release', token })
      return fault === undefined
    }
    const passed = { acks: acks.filter(spared), others: others.filter(({ token }) => spared(token)) }
    for (const { token } of released) this.#taken.add(token)
    const inside = { acks: passed.acks, others: [...passed.others, ...released] }
    if (inside.acks.length + inside.others.length === 0) return answers
    const exceptions = await this.#settleInside(inside)
    return [...answers, ...exceptions.filter(({ token }) => !released.some(release => release.token === token))]
  }

  async #settleInside(settled: Settled): Promise<readonly SettleException[]> {
    const tokens = [...settled.acks, ...settled.others.map(({ token }) => token)]
    for (const token of tokens) this.#settling.add(token)
    try {
      const exceptions = await this.#inner.settle(settled)
      const failed = new Set(exceptions.filter(({ kind }) => kind === 'failed').map(({ token }) => token))
      this.#forget(tokens.filter(token => !failed.has(token)))
      return exceptions
    } finally {
      for (const token of tokens) this.#settling.delete(token)
    }
  }

  #forget(tokens: readonly Token[]): void {
    for (const token of tokens) this.#held.delete(token)
  }

  #warn(error: unknown, what: string): void {
    this.#generation.environment.logger.warn({ error }, what)
  }
}
