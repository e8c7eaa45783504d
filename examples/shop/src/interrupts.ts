import type { EventEmitter } from 'node:events'

/** npm passes on a Ctrl-C that the terminal has already sent: two within this many milliseconds are one. */
const ONE_KEYSTROKE_MS = 400

interface Interrupts extends Disposable {
  /** Fires at the first Ctrl-C. */
  readonly signal: AbortSignal
}

/** The first Ctrl-C asks for a graceful end, the second one does not ask. */
export function listenForInterrupts(process: EventEmitter, onFirst: () => void, onSecond: () => void): Interrupts {
  const controller = new AbortController()
  let first = 0
  const onSignal = () => {
    if (controller.signal.aborted) {
      if (performance.now() - first > ONE_KEYSTROKE_MS) onSecond()
      return
    }
    first = performance.now()
    onFirst()
    controller.abort()
  }
  const signals = ['SIGINT', 'SIGTERM']
  for (const name of signals) process.on(name, onSignal)
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const name of signals) process.off(name, onSignal)
    },
  }
}
