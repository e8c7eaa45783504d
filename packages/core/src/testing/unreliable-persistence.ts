import type { DeadLetterQuery, Persistence } from '../driver/persistence.js'
import type { Start, SubscriptionName } from '../driver/spec.js'
import type { FaultOperation } from './fault-script.js'
import type { Generation } from './generation.js'

/** Each step passes like a call, so that a cut ends the iteration; only the first is counted and can be spoilt. */
async function* guarded<T>(generation: Generation, operation: FaultOperation, open: () => AsyncIterable<T>) {
  const iterator = await generation.call(operation, async () => open()[Symbol.asyncIterator]())
  try {
    let step = await generation.follow(() => iterator.next())
    while (step.done !== true) {
      yield step.value
      step = await generation.follow(() => iterator.next())
    }
  } finally {
    // Not awaited: behind a cut, the inner iterator may never answer.
    iterator.return?.().catch(() => {})
  }
}

/** The persistence of an unreliable connection, with those of the optional methods that the inner one has. */
export function unreliablePersistence(inner: Persistence, generation: Generation): Persistence {
  const find = inner.find?.bind(inner)
  const trim = inner.trim?.bind(inner)
  return {
    topics: () => generation.call('topics', () => inner.topics()),
    subscriptions: (topic?: string) => generation.call('subscriptions', () => inner.subscriptions(topic)),
    history: (topic: string, range: { readonly from: Start }) =>
      guarded(generation, 'history', () => inner.history(topic, range)),
    ...(find && { find: (topic: string, id: string) => generation.call('find', () => find(topic, id)) }),
    ...(trim && { trim: (topic: string, before: number) => generation.call('trim', () => trim(topic, before)) }),
    deadLetters: (query: DeadLetterQuery) => guarded(generation, 'deadLetters', () => inner.deadLetters(query)),
    redrive: (query: DeadLetterQuery) => generation.call('redrive', () => inner.redrive(query)),
    discard: (query: DeadLetterQuery) => generation.call('discard', () => inner.discard(query)),
    counts: (subscription: SubscriptionName) => generation.call('counts', () => inner.counts(subscription)),
  }
}
