import type { CaseContext } from './context.js'

/** The same items in an order that the seed decides. */
export function shuffled<T>(items: readonly T[], it: Pick<CaseContext, 'random'>): readonly T[] {
  return items
    .map(item => ({ item, at: it.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
