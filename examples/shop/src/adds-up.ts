/** The ids of one subscription, each set from a source of its own. */
export interface Ids {
  /** What the broker confirmed when it was published. */
  readonly published: ReadonlySet<string>
  /** What the topic holds. */
  readonly history: ReadonlySet<string>
  /** What the handlers acked. */
  readonly handled: ReadonlySet<string>
  /** The broker's dead letters. */
  readonly dead: ReadonlySet<string>
  /** How many the broker still has to deliver; `undefined` where it cannot know. */
  readonly counted: number | undefined
  /** Whether the broker may still have to deliver what was handled: a process can end between its work and the ack. */
  readonly mayComeAgain: boolean
}

/** Those that have not ended, and every way in which the sets are not what they should be. */
export interface Sum {
  readonly waiting: number
  readonly problems: readonly string[]
}

/** Checks that the history is the disjoint union of what was handled, what is dead and what waits. */
export function addUp({ published, history, handled, dead, counted, mayComeAgain }: Ids): Sum {
  const lost = [...published].filter(id => !history.has(id))
  const invented = [...handled, ...dead].filter(id => !history.has(id))
  const twice = [...handled].filter(id => dead.has(id))
  const open = [...history].filter(id => !handled.has(id) && !dead.has(id))
  const waiting =
    mayComeAgain && counted !== undefined && counted > open.length ? open.length : (counted ?? open.length)
  const problems = [
    ...name('was published and is not in the history', lost),
    ...name('has ended and is not in the history', invented),
    ...name('was handled and is dead', twice),
  ]
  if (open.length === waiting) return { waiting, problems }
  problems.push(`the broker has ${waiting} to deliver`, ...name('was neither handled nor is dead', open))
  return { waiting, problems }
}

/** Names the first few, and says how many more there are. */
function name(problem: string, ids: readonly string[]): string[] {
  const named = ids.slice(0, 3).map(id => `${id} ${problem}`)
  return ids.length > 3 ? [...named, `and ${ids.length - 3} more`] : named
}
