/**
 * How long work takes by the machine's own clock, in milliseconds: virtual time costs nothing, and is no measure of work.
 * Only for comparing with itself.
 */
export async function stopwatch(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}
