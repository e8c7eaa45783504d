import { setTimeout as sleep } from 'node:timers/promises'
import type { Queue } from '../subject.ts'

/** Milliseconds. */
const PATIENCE = 15_000
const LOOK = 10

/** Resolves when the server has nothing left that waits or is not settled. What is handled and never settled comes back. */
export async function settled(queue: Queue, patience = PATIENCE): Promise<void> {
  const deadline = performance.now() + patience
  for (;;) {
    const left = (await queue.left?.()) ?? 0
    if (left === 0) return
    if (performance.now() > deadline) throw new Error(`${left} messages were handled and not settled.`)
    await sleep(LOOK)
  }
}

/** Rejects unless the server has stored so many. */
export async function stored(queue: Queue, published: number): Promise<void> {
  const left = (await queue.left?.()) ?? published
  if (left !== published) throw new Error(`${published} messages were published, of which ${left} are stored.`)
}
