import type { CallGate } from './call-gate.js'
import type { FaultPlan } from './fault-plan.js'

/** What a cut or a kill leaves behind. */
export interface Leftover {
  /** Really closes the inner connection. */
  dispose(): Promise<void>
}

/** The broker's view that generations belong to. */
export interface GenerationOwner {
  readonly plan: FaultPlan
  readonly gate: CallGate
  readonly killed: boolean
  /** `soon`: from within a call of core's, which wants no event meanwhile. */
  kill(soon?: boolean): void
  /** No fault can hit this generation any more; `left`: its inner connection stays open until it is disposed of. */
  over(generation: Leftover, left: boolean): void
}
