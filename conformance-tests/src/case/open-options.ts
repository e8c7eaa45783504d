import type { BrokerOptions } from '@pluribus/core'

/** How a process of a case differs from others. */
export interface ProcessOptions {
  /** How far its wall clock is ahead of the others', in milliseconds. Default: 0. */
  readonly skew?: number
}

/** How a process of its own differs from others. */
export interface ChildOptions {
  /** Milliseconds. Default: `timing.lease`. */
  readonly lease?: number
}

/** How a case's broker differs from others. */
export type OpenOptions = Omit<BrokerOptions, 'adapter' | 'environment'> & ProcessOptions
