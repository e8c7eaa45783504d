import { type Actor, type CaseContext, Failure } from '@pluribus/conformance'

/** Between two looks at who leads, in milliseconds. */
const LOOK = 5

/** The process that leads. */
export async function leaderOf({ leadership }: CaseContext): Promise<Actor> {
  const leader = await leadership.leader()
  if (leader === undefined) throw new Failure('None of the processes leads the store.')
  return leader
}

/** Waits until another process leads than that one; answers which. @param patience For how much longer than is due, in milliseconds. */
export async function successorOf(before: Actor, it: CaseContext, patience: number): Promise<Actor> {
  const { leadership, clock } = it
  const end = clock.monotonic() + leadership.timeout + patience
  for (;;) {
    const leader = await leadership.leader()
    if (leader !== undefined && leader !== before) return leader
    if (clock.monotonic() > end) throw new Failure(`Nobody has taken the lead over from ${before.process}.`)
    await it.elapse(LOOK)
  }
}
