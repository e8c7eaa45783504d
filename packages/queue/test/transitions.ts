/** Every step that a delivery can take, and every refusal: the model test must take each of them often. */
export const TRANSITIONS = [
  'new -> ready',
  'new -> scheduled',
  'new -> blocked',
  'ready -> leased',
  'ready -> blocked',
  'blocked -> ready (ack)',
  'blocked -> ready (reject)',
  'scheduled -> ready',
  'scheduled -> blocked',
  'due before an add that no claim preceded',
  'due before a redrive that no claim preceded',
  'leased -> gone',
  'leased -> retrying',
  'leased -> ready (retry at once)',
  'leased -> ready (release)',
  'leased -> ready (expired)',
  'leased -> ready (abandoned, expired)',
  'leased -> ready (close)',
  'leased -> dead',
  'retrying -> ready',
  'dead -> ready',
  'dead -> blocked',
  'dead -> gone',
  'came back, served before younger',
  'lease renewed past its first end',
  'settled after its lease had lapsed unnoticed',
  'loss counted',
  'own loss not counted',
  'marked loss counted',
  'own marked loss not counted',
  'mark void after release',
  'mark void after close',
  'failed run clears losses',
  'failed run clears marks',
  'redrive clears failures',
  'suspect served alone',
  'suspect stops a claim',
  'suspect with a pending loss left for its owner',
  'claim finds nothing',
  'lease transferred',
  'lapsed lease transferred',
  'marked lease transferred',
  'lease of a failed message transferred',
  'lease transferred again, unclaimed',
  'transferred lease claimed',
  'transferred, claimed out of turn',
  'transferred leases left by a short claim',
  'transferred suspect claimed alone',
  'suspect stops a claim of what was transferred',
  'transferred, given back unclaimed',
  'transferred, expired unclaimed',
  'transfer refused',
  'ack refused',
  'retry refused',
  'release refused',
  'reject refused',
  'mark refused',
  'renew refused',
  'redrive refused',
  'discard refused',
  'clock went back',
  'late subscription filled',
  'late subscription filled past a due time',
  'message trimmed',
  'message trimmed past a pending one',
] as const

export type Transition = (typeof TRANSITIONS)[number]

/** How often each was taken. */
export class TransitionCounts {
  readonly #counts = new Map<Transition, number>(TRANSITIONS.map(transition => [transition, 0]))

  readonly count = (transition: Transition): void => {
    this.#counts.set(transition, (this.#counts.get(transition) ?? 0) + 1)
  }

  below(least: number): string[] {
    return [...this.#counts]
      .filter(([, count]) => count < least)
      .map(([transition, count]) => `${transition}: ${count}`)
  }

  table(): string {
    const width = Math.max(...TRANSITIONS.map(transition => transition.length))
    return [...this.#counts].map(([name, count]) => `  ${name.padEnd(width)} ${String(count).padStart(8)}`).join('\n')
  }
}
