import type { FaultOperation } from './fault-script.js'
import type { InjectedFault } from './injected-fault.js'

/** How a call differs from others. */
export interface CallOptions<T> {
  /** What the order of calls is kept for. Default: the generation. */
  readonly target?: object
  /** A failure that is injected takes the connection with it. */
  readonly failureCuts?: boolean
  /** What a cut resolves it with, instead of a rejection. */
  readonly afterCut?: () => T
  /** Runs in the step that resolves it: whatever is cut or killed before then has not been answered. */
  readonly answered?: (value: T) => void
}

/** A call that has not been answered. */
export interface Call<T> extends CallOptions<T> {
  readonly operation: FaultOperation
  readonly nth: number
  readonly execute: () => Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
  /** How a cut ends it. */
  readonly drop: (fault: InjectedFault) => void
}
