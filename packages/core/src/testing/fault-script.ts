import type { Capabilities } from '../driver/capabilities.js'

/**
 * A call of the adapter contract, by its method's name; `closeSource` is the one of a source.
 *
 * @example
 * ```ts
 * import type { FaultOperation } from '@pluribus/core/testing'
 *
 * const writes: readonly FaultOperation[] = ['publish', 'settle', 'mark']
 * ```
 */
export type FaultOperation =
  | 'connect'
  | 'declare'
  | 'maintain'
  | 'close'
  | 'publish'
  | 'publishSequenced'
  | 'position'
  | 'open'
  | 'remove'
  | 'pull'
  | 'mark'
  | 'settle'
  | 'renew'
  | 'closeSource'
  | 'topics'
  | 'subscriptions'
  | 'history'
  | 'find'
  | 'trim'
  | 'deadLetters'
  | 'redrive'
  | 'discard'
  | 'counts'

/**
 * What a step does to its call.
 *
 * - `fail`: it is not executed and rejects, retryable.
 * - `hang`: it is not executed and never answers, until the connection is cut.
 * - `cut`: it is not executed and the connection breaks.
 * - `lose-reply`: it is executed, then the connection breaks before its answer.
 * - `kill`: the process dies as it makes the call, which is not executed.
 * - `kill-after`: it is executed, then the process dies before the answer.
 *
 * @example
 * ```ts
 * import type { FaultAction } from '@pluribus/core/testing'
 *
 * const deadly: readonly FaultAction[] = ['kill', 'kill-after']
 * ```
 */
export type FaultAction = 'fail' | 'hang' | 'cut' | 'lose-reply' | 'kill' | 'kill-after'

/**
 * A fault at the n-th call of an operation, over all connections.
 *
 * @example
 * ```ts
 * import type { FaultStep } from '@pluribus/core/testing'
 *
 * const step: FaultStep = { on: 'settle', call: 3, do: 'lose-reply' }
 * ```
 */
export interface FaultStep {
  readonly on: FaultOperation
  /** 1-based. */
  readonly call: number
  readonly do: FaultAction
}

/**
 * What an {@link unreliable} adapter does by itself: plain data, so that a property test can generate it.
 *
 * @example
 * ```ts
 * import type { FaultScript } from '@pluribus/core/testing'
 *
 * const script: FaultScript = {
 *   capabilities: { lifo: 'windowed' },
 *   steps: [{ on: 'publish', call: 2, do: 'lose-reply' }, { on: 'connect', call: 2, do: 'fail' }],
 * }
 * ```
 */
export interface FaultScript {
  /** Replaces what the adapter and its connections claim. */
  readonly capabilities?: Partial<Capabilities>
  /** Where two name the same call, the first one counts. */
  readonly steps?: readonly FaultStep[]
}
