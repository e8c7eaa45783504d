/** A promise of the log that it has not kept. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

export function insist(holds: boolean, message: () => string): asserts holds {
  if (!holds) throw new Violation(message())
}
