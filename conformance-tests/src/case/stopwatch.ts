import type { CaseContext } from './context.js'

/** What this process has computed, in milliseconds. */
function computed(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/**
 * How long work takes, in milliseconds, for comparing with itself: virtual time costs nothing, and is no measure of work. What
 * lives in this process is measured by what the process computes, so that others who keep the machine busy have no part in it;
 * for servers the machine's own clock has to do.
 */
export async function stopwatch({ isVirtual }: CaseContext, work: () => Promise<void>): Promise<number> {
  const now = isVirtual ? computed : () => performance.now()
  const start = now()
  await work()
  return now() - start
}
