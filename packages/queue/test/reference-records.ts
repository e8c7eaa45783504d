/** What the model knows of a message. */
export interface ModelMessage {
  readonly position: number
  readonly key: string | undefined
  readonly band: number
}

export interface Lease {
  readonly session: number
  readonly instance: number
  readonly firstEnd: number
  token: number
  end: number
  marked: boolean
  /** Came over from another session, and has not been claimed since. */
  isReserved: boolean
}

export interface Delivery {
  readonly message: ModelMessage
  state: 'scheduled' | 'ready' | 'leased' | 'retrying' | 'dead'
  /** When it is ready for the first time, known from the start: its place, and its turn in its key. */
  readyAt: number
  /** Count of what was added or redriven before it: goes first among equal times. */
  turn: number
  failures: number
  losses: number
  marks: number
  due: number
  died: number
  lease: Lease | undefined
  /** A lost lease that no claim has judged. */
  loss: { readonly instance: number; readonly marked: boolean } | undefined
  hasBeenOut: boolean
  wasBlocked: boolean
}

export interface ModelSession {
  readonly instance: number
  readonly lease: number
  abandoned: boolean
}

/** Negative where `a` is before `b`, as fifo has it. */
export const byPlace = (a: Delivery, b: Delivery): number => a.readyAt - b.readyAt || a.turn - b.turn

/** One delivery that the model expects of a claim. */
export interface Expected {
  readonly position: number
  readonly failures: number
  readonly losses: number
  readonly marks: number
}
