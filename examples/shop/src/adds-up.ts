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
  readonly waiting: number | undefined
}

/** Whether the history is the disjoint union of what was handled, what is dead and what waits: every way in which it is not. */
export function whatDoesNotAddUp({ published, history, handled, dead, waiting }: Ids): string[] {
  const lost = [...published].filter(id => !history.has(id))
  const invented = [...handled, ...dead].filter(id => !history.has(id))
  const twice = [...handled].filter(id => dead.has(id))
  const open = [...history].filter(id => !handled.has(id) && !dead.has(id))
  const problems = [
    ...name('was published and is not in the history', lost),
    ...name('has ended and is not in the history', invented),
    ...name('was handled and is dead', twice),
  ]
  if (waiting === undefined || open.length === waiting) return problems
  return [...problems, `the broker has ${waiting} to deliver`, ...name('was neither handled nor is dead', open)]
}

/** Names the first few, and says how many more there are. */
function name(problem: string, ids: readonly string[]): string[] {
  const named = ids.slice(0, 3).map(id => `${id} ${problem}`)
  return ids.length > 3 ? [...named, `and ${ids.length - 3} more`] : named
}
