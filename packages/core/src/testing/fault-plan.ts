import type { StoredMessage } from '../driver/message.js'
import type { PublishOutcome } from '../errors/pluribus-error.js'
import type { FaultAction, FaultOperation, FaultStep } from './fault-script.js'
import { InjectedFault } from './injected-fault.js'

/** What happens to a call. */
export type Verdict =
  | { readonly kind: 'proceed' }
  | { readonly kind: 'fail'; readonly error: unknown; readonly cut: boolean }
  | { readonly kind: 'hang' }
  | { readonly kind: 'cut' }
  | { readonly kind: 'lose-reply'; readonly hang: boolean }
  | { readonly kind: 'kill' }
  | { readonly kind: 'kill-after' }

/** What happens to messages of a batch. */
export interface MessageRule {
  readonly matches: (message: StoredMessage) => boolean
  readonly outcome: PublishOutcome
  /** Whether the message is stored all the same. */
  readonly stored: boolean
  readonly error: unknown
}

/** How a settlement is answered by the plan. */
export type SettleFault = 'failed' | 'stale'

const PROCEED: Verdict = Object.freeze({ kind: 'proceed' })

/** Something armed for a number of uses. */
interface Armed<T> {
  readonly fault: T
  left: number
}

/** Takes one use of the first that fits. */
function use<T>(armed: Armed<T>[], fits: (fault: T) => boolean = () => true): T | undefined {
  const found = armed.find(one => fits(one.fault))
  if (found === undefined) return undefined
  found.left -= 1
  if (found.left <= 0) armed.splice(armed.indexOf(found), 1)
  return found.fault
}

const verdictOf = (action: FaultAction, operation: FaultOperation): Verdict => {
  if (action === 'fail') return { kind: 'fail', error: new InjectedFault(`${operation} failed`), cut: false }
  return action === 'lose-reply' ? { kind: 'lose-reply', hang: false } : { kind: action }
}

/** Which faults are due, and what has been called: the memory of one {@link unreliable} adapter, over all its connections. */
export class FaultPlan {
  readonly #arrived = new Map<FaultOperation, number>()
  readonly #executed = new Map<FaultOperation, number>()
  readonly #steps = new Map<string, FaultAction>()
  readonly #armed = new Map<FaultOperation, Armed<Verdict>[]>()
  readonly #messages: Armed<MessageRule>[] = []
  readonly #settles: Armed<SettleFault>[] = []
  #connects: Verdict = PROCEED
  /** Connections that core has been given. */
  connected = 0
  /** Messages that have reached the inner publisher. */
  publishedMessages = 0

  constructor(steps: readonly FaultStep[]) {
    for (const step of steps) {
      const place = `${step.on} ${step.call}`
      if (!this.#steps.has(place)) this.#steps.set(place, step.do)
    }
  }

  /** Counts a call; answers its number, 1-based. */
  arrived(operation: FaultOperation): number {
    const nth = this.calls(operation) + 1
    this.#arrived.set(operation, nth)
    return nth
  }

  calls(operation: FaultOperation): number {
    return this.#arrived.get(operation) ?? 0
  }

  /** Counts a call that has reached the inner adapter. */
  reached(operation: FaultOperation): void {
    this.#executed.set(operation, this.executed(operation) + 1)
  }

  executed(operation: FaultOperation): number {
    return this.#executed.get(operation) ?? 0
  }

  arm(operation: FaultOperation, fault: Verdict, times: number): void {
    const armed = this.#armed.get(operation) ?? []
    this.#armed.set(operation, armed)
    if (times > 0) armed.push({ fault, left: times })
  }

  /** What becomes of every connect that has no fault of its own, from now on. */
  armConnects(fault: Verdict = PROCEED): void {
    this.#connects = fault
  }

  /** Returns a function that disarms the rule. */
  armMessages(fault: MessageRule, times: number): () => void {
    const armed: Armed<MessageRule> = { fault, left: times }
    if (times > 0) this.#messages.push(armed)
    return () => {
      const position = this.#messages.indexOf(armed)
      if (position >= 0) this.#messages.splice(position, 1)
    }
  }

  armSettles(fault: SettleFault, times: number): void {
    if (times > 0) this.#settles.push({ fault, left: times })
  }

  /** What is to happen to a call that is about to be executed: its step, else the oldest armed fault. */
  verdict(operation: FaultOperation, nth: number): Verdict {
    const action = this.#steps.get(`${operation} ${nth}`)
    if (action !== undefined) return verdictOf(action, operation)
    const fault = use(this.#armed.get(operation) ?? [])
    return fault ?? (operation === 'connect' ? this.#connects : PROCEED)
  }

  get spoilsMessages(): boolean {
    return this.#messages.length > 0
  }

  messageFault(message: StoredMessage): MessageRule | undefined {
    return use(this.#messages, rule => rule.matches(message))
  }

  get spoilsSettles(): boolean {
    return this.#settles.length > 0
  }

  settleFault(): SettleFault | undefined {
    return use(this.#settles)
  }

  /** Forgets every fault; the counters stay. */
  disarm(): void {
    this.#steps.clear()
    this.#armed.clear()
    this.#messages.length = 0
    this.#settles.length = 0
    this.#connects = PROCEED
  }
}
