import { monitorEventLoopDelay } from 'node:perf_hooks'

/** Watches how long this process does not get to run, at the longest; answers how to end that, and what it was in milliseconds. */
export function watchPauses(): () => number {
  const delays = monitorEventLoopDelay({ resolution: 10 })
  delays.enable()
  return () => {
    delays.disable()
    return Math.round(delays.max / 1e6)
  }
}
