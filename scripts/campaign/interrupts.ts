/** Interrupts from the terminal, while a campaign is played. */
export interface Interrupts {
  /** Rejects at the first one. */
  readonly promise: Promise<never>
  readonly isAsked: boolean
  /** Leaves further ones to the process. */
  stop(): void
}

/** The first interrupt is told, and ends the outage that is being played; the second one ends the process. */
export function listenForInterrupts(tell: () => void): Interrupts {
  let isAsked = false
  let interrupt: (error: Error) => void = () => {}
  const promise = new Promise<never>((_, reject) => {
    interrupt = reject
  })
  // Nobody may be playing when it comes.
  promise.catch(() => {})
  const onInterrupt = () => {
    if (isAsked) process.exit(130)
    isAsked = true
    tell()
    interrupt(new Error('It was interrupted.'))
  }
  process.on('SIGINT', onInterrupt).on('SIGTERM', onInterrupt)
  return {
    promise,
    get isAsked() {
      return isAsked
    },
    stop: () => void process.off('SIGINT', onInterrupt).off('SIGTERM', onInterrupt),
  }
}
