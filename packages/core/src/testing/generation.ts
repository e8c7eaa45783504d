import type { Connection, ConnectionEvents } from '../driver/adapter.js'
import type { Environment } from '../driver/environment.js'
import type { Call, CallOptions } from './call.js'
import type { FaultPlan, Verdict } from './fault-plan.js'
import type { FaultOperation } from './fault-script.js'
import type { GenerationOwner } from './generation-owner.js'
import type { GenerationSource } from './generation-source.js'
import { InjectedFault } from './injected-fault.js'
import { MortalTimers } from './mortal-timers.js'
import { tell } from './tell.js'

/**
 * One connection's life, and the one place that every call passes: gate, verdict, inner adapter, gate. A call that has
 * been dropped from `#calls` is never answered by what it was waiting for.
 */
export class Generation {
  /** The open sources. */
  readonly sources = new Set<GenerationSource>()
  readonly environment: Environment
  /** What the inner adapter lives in: what is cut off or dead sends no heartbeat, and hears nothing. */
  readonly innerEnvironment: Environment
  readonly #innerTimers: MortalTimers
  readonly #owner: GenerationOwner
  readonly #events: ConnectionEvents
  readonly #calls = new Set<Pick<Call<unknown>, 'drop'>>()
  #state: 'connecting' | 'open' | 'over' = 'connecting'
  #inner: Connection | undefined
  #fault: InjectedFault | undefined

  constructor(owner: GenerationOwner, environment: Environment, events: ConnectionEvents) {
    this.#owner = owner
    this.environment = environment
    this.#innerTimers = new MortalTimers(environment.timers)
    this.innerEnvironment = { ...environment, timers: this.#innerTimers }
    this.#events = events
  }

  get plan(): FaultPlan {
    return this.#owner.plan
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Whether what the inner adapter says still concerns core. */
  get isHeard(): boolean {
    return this.#state !== 'over' && !this.#owner.killed
  }

  /** The events for the inner adapter. A link that it lost by itself is its own: calls go on to it and fail there. */
  readonly innerEvents: ConnectionEvents = {
    lost: cause => {
      if (this.#state === 'connecting') this.cut(cause)
      if (!this.isHeard) return
      this.#over()
      this.#tellLost(cause)
    },
  }

  /** Connects; what arrives after a cut or a kill is given back. */
  connect(open: () => Promise<Connection>, wrap: (inner: Connection) => Connection): Promise<Connection> {
    const execute = async () => {
      const inner = await open()
      this.#inner = inner
      if (this.isHeard) return wrap(inner)
      this.#discard()
      throw this.#fault ?? new InjectedFault('connecting came to nothing')
    }
    const connecting = this.call('connect', execute, {
      answered: () => {
        this.#state = 'open'
        this.plan.connected++
      },
    })
    connecting.catch(() => this.#over())
    return connecting
  }

  /** Passes a call on, or does to it what the plan says. */
  call<T>(operation: FaultOperation, execute: () => Promise<T>, options: CallOptions<T> = {}): Promise<T> {
    const nth = this.plan.arrived(operation)
    if (this.#owner.killed) return new Promise<never>(() => {})
    const fault = this.#fault
    if (fault !== undefined) return options.afterCut ? Promise.resolve(options.afterCut()) : Promise.reject(fault)
    return new Promise<T>((resolve, reject) => {
      const drop = (cut: InjectedFault) => (options.afterCut ? resolve(options.afterCut()) : reject(cut))
      const call = { ...options, operation, nth, execute, resolve, reject, drop }
      this.#calls.add(call)
      this.#enter('request', call, () => this.#execute(call))
    })
  }

  /** One more step of a call that has been answered: not counted, not spoilt, but it ends with the generation. */
  follow<T>(execute: () => Promise<T>): Promise<T> {
    if (this.#owner.killed) return new Promise<never>(() => {})
    if (this.#fault !== undefined) return Promise.reject(this.#fault)
    return new Promise<T>((resolve, reject) => {
      const step = { drop: reject }
      this.#calls.add(step)
      const answer = (settle: () => void) => {
        if (!this.#isAwaited(step)) return
        this.#calls.delete(step)
        settle()
      }
      execute().then(
        value => answer(() => resolve(value)),
        error => answer(() => reject(error)),
      )
    })
  }

  /** Core closes it: no fault concerns it any more, and no event. */
  close(inner: Connection): Promise<void> {
    this.#inner = undefined
    this.#over()
    return inner.close()
  }

  /** Closes what a cut or a kill has left open inside. */
  async dispose(): Promise<void> {
    const inner = this.#inner
    this.#inner = undefined
    this.#innerTimers.revive()
    await inner?.close()
  }

  /** Breaks the link; answers whether there was one. `soon`: from within a call of core's, which wants no event meanwhile. */
  cut(cause?: unknown, soon = false): boolean {
    if (!this.isHeard) return false
    const wasOpen = this.isOpen
    const fault = new InjectedFault('the connection was cut', 'UNAVAILABLE', cause === undefined ? {} : { cause })
    this.#fault = fault
    this.#silence()
    this.#over()
    const finish = () => {
      if (wasOpen) this.#tellLost(cause ?? fault)
      if (this.#owner.killed) return
      for (const call of this.#calls) call.drop(fault)
      this.#calls.clear()
    }
    if (soon) queueMicrotask(finish)
    else finish()
    return true
  }

  /** Tells core, so that it drops what it holds; the owner's `killed` has silenced everything else already. */
  die(cause: unknown): void {
    const wasOpen = this.isOpen
    this.#silence()
    this.#over()
    for (const source of this.sources) source.end(cause)
    if (wasOpen) this.#tellLost(cause)
  }

  #execute<T>(call: Call<T>): void {
    if (!this.#isAwaited(call)) return
    const verdict = this.plan.verdict(call.operation, call.nth)
    if (verdict.kind === 'hang') return
    if (verdict.kind === 'cut') this.#cutBy(call, true)
    else if (verdict.kind === 'kill') this.#owner.kill(true)
    else if (verdict.kind === 'fail') this.#fail(call, verdict)
    else this.#passOn(call, verdict)
  }

  /** On a link that is over already there is nothing to cut: only the call fails. */
  #cutBy<T>(call: Call<T>, soon: boolean): void {
    if (this.cut(undefined, soon)) return
    this.#calls.delete(call)
    call.drop(new InjectedFault(`${call.operation} was cut`))
  }

  #fail<T>(call: Call<T>, verdict: Verdict & { kind: 'fail' }): void {
    this.#calls.delete(call)
    call.reject(verdict.error)
    if (verdict.cut || call.failureCuts === true) this.cut(verdict.error, true)
  }

  async #passOn<T>(call: Call<T>, verdict: Verdict): Promise<void> {
    this.plan.reached(call.operation)
    let answer: () => void
    try {
      const value = await call.execute()
      answer = () => {
        call.answered?.(value)
        call.resolve(value)
      }
    } catch (error) {
      answer = () => call.reject(error)
    }
    if (!this.#isAwaited(call)) return
    if (verdict.kind === 'kill-after') return this.#owner.kill()
    if (verdict.kind === 'lose-reply') {
      if (!verdict.hang) this.#cutBy(call, false)
      return
    }
    this.#enter('reply', call, () => {
      if (!this.#isAwaited(call)) return
      this.#calls.delete(call)
      answer()
    })
  }

  #enter<T>(side: 'request' | 'reply', call: Call<T>, pass: () => void): void {
    const { operation, target = this } = call
    this.#owner.gate.enter({ side, operation, target, timers: this.environment.timers }, pass)
  }

  #isAwaited(call: Pick<Call<unknown>, 'drop'>): boolean {
    return !this.#owner.killed && this.#fault === undefined && this.#calls.has(call)
  }

  /** A connection that is still being made is let come about, to be given back. */
  #silence(): void {
    if (this.isOpen) this.#innerTimers.die()
  }

  #over(): void {
    if (this.#state === 'connecting') this.#discard()
    this.#state = 'over'
    this.#owner.over(this, this.#inner !== undefined)
  }

  /** A connection that core never had holds nothing that anybody could miss. */
  #discard(): void {
    this.dispose().catch(error => this.environment.logger.warn({ error }, 'an unused connection did not close'))
  }

  /** Only a generation that was open and is over just now is told of: so core hears it at most once. */
  #tellLost(cause: unknown): void {
    tell(() => this.#events.lost(cause))
  }
}
