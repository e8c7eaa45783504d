import type { Handle } from '../subject.ts'

/**
 * Runs the handler on all of a batch; resolves with the positions of those that it has failed on when the last has ended.
 * Synchronous handlers cost no promise.
 */
export async function handleAll(handle: Handle, batch: readonly Uint8Array[]): Promise<readonly number[]> {
  const failed: number[] = []
  const running: Promise<unknown>[] = []
  for (let i = 0; i < batch.length; i++) {
    try {
      const run = handle(batch[i] as Uint8Array)
      if (run !== undefined) running.push(run.catch(() => failed.push(i)))
    } catch {
      failed.push(i)
    }
  }
  if (running.length > 0) await Promise.all(running)
  return failed
}
