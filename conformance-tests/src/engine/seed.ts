/** A case's own seed: the run's, spread by the case's id, so that a case alone draws what it draws in a whole run. */
export function seedOf(seed: number, id: string): number {
  let hash = 0x811c9dc5
  for (const character of `${seed}:${id}`) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193)
  return hash >>> 0
}
