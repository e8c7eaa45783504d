import { type Adapter, NO_EXCEPTIONS, type OutgoingMessage, type PublishException } from '@pluribus/core/driver'
import { decorate } from '../history/decorate.js'
import { dropping } from './handing-out.js'
import { mapBatches, publishingBy } from './map-batches.js'
import { outgoingLike } from './message-like.js'
import { defineSaboteurs } from './saboteur.js'

/** What goes wrong with ids that were seen before. */
export const IDS = defineSaboteurs(
  {
    name: 'no-id-is-recognised',
    of: 'memory',
    breaks: 'Ids that callers supply are not remembered.',
    caughtBy: 'DDP-01',
    says: /the second receipt/,
    adapter: inner => mapBatches(inner, batch => batch.map(forgotten)),
  },
  {
    name: 'duplicates-are-not-told',
    of: 'memory',
    breaks: 'A duplicate is dropped, and its receipt says that it was stored.',
    caughtBy: 'DDP-05',
    says: /whether another payload under the same id is a duplicate/,
    adapter: inner =>
      publishingBy(inner, async (publisher, batch) =>
        (await publisher.publish(batch)).filter(({ kind }) => kind !== 'duplicate'),
      ),
  },
  {
    name: 'ids-are-remembered-for-ever',
    of: 'memory',
    breaks: 'The window never ends.',
    caughtBy: 'DDP-02',
    says: /whether it is a duplicate after the window/,
    adapter: inner => recognising(inner, ({ topic, id }) => `${topic} ${id}`),
  },
  {
    name: 'ids-are-known-to-their-process-only',
    of: 'memory',
    breaks: 'Each process remembers the ids that it has sent itself.',
    caughtBy: 'DDP-03',
    says: /how many of \d+ publishes of one id are told that they were the first/,
    adapter: inner =>
      recognising(
        mapBatches(inner, batch => batch.map(forgotten)),
        ({ topic, id }) => `${topic} ${id}`,
      ),
  },
  {
    name: 'topics-share-their-ids',
    of: 'memory',
    breaks: 'An id is a duplicate where any topic has seen it.',
    caughtBy: 'DDP-04',
    says: /whether an id that only another topic has seen is a duplicate/,
    adapter: inner => recognising(inner, ({ id }) => id),
  },
  {
    name: 'ids-within-a-batch-are-not-compared',
    of: 'memory',
    breaks: 'An id is looked for in what was stored before, not in its own batch.',
    caughtBy: 'BAT-06',
    says: /the receipts/,
    adapter: inner =>
      mapBatches(inner, batch =>
        batch.map((message, index) =>
          batch.findIndex(({ id }) => id === message.id) < index ? forgotten(message) : message,
        ),
      ),
  },
  {
    name: 'ids-are-compared-without-case',
    of: 'memory',
    breaks: 'Two ids that differ in case are taken for one.',
    caughtBy: 'DDP-12',
    says: /the receipt of the id "Order-1"/,
    adapter: inner => recognising(inner, ({ topic, id }) => `${topic} ${id.toLowerCase()}`),
  },
  {
    name: 'dead-ids-are-forgotten',
    of: 'memory',
    breaks: 'When a message is dead-lettered its id can be published again.',
    caughtBy: 'DDP-10',
    says: /whether the id of a dead letter is a duplicate/,
    adapter(inner) {
      const ids = new Map<unknown, string>()
      const dead = new Set<string>()
      const killing = decorate(inner, {
        source: source => ({
          async pull(max) {
            const pulled = await source.pull(max)
            for (const { token, message } of pulled.deliveries) ids.set(token, message.id)
            return pulled
          },
          settle(settled) {
            for (const { kind, token } of settled.others) if (kind === 'reject') dead.add(ids.get(token) ?? '')
            return source.settle(settled)
          },
        }),
      })
      return mapBatches(killing, batch => batch.map(message => (dead.has(message.id) ? forgotten(message) : message)))
    },
  },
  {
    name: 'failed-runs-are-duplicates',
    of: 'memory',
    breaks: 'A delivery of an id that was handed out before is dropped as a duplicate.',
    caughtBy: 'DDP-09',
    says: /a second run of a message with an id of its own/,
    adapter: inner => decorate(inner, { source: source => dropping(source, ({ attempt }) => attempt > 1) }),
  },
  {
    name: 'equal-content-is-a-duplicate',
    of: 'memory',
    breaks: 'Messages are recognised by what they say.',
    caughtBy: 'DDP-13',
    says: /whether one of two equal messages is a duplicate/,
    adapter: inner => recognising(inner, ({ topic, payload }) => `${topic} ${String(payload)}`),
  },
)

/** A message whose id the store will not remember. */
const forgotten = (message: OutgoingMessage): OutgoingMessage => outgoingLike(message, { idSupplied: false })

/** An adapter that recognises messages in its own way, before its store does. */
function recognising(inner: Adapter, nameOf: (message: OutgoingMessage) => string): Adapter {
  const seen = new Set<string>()
  return publishingBy(inner, async (publisher, batch) => {
    const names = batch.map(nameOf)
    const isNew = names.map((name, index) => !seen.has(name) && names.indexOf(name) === index)
    for (const name of names) seen.add(name)
    const fresh = batch.flatMap((message, index) => (isNew[index] === true ? [{ message, index }] : []))
    const duplicates: PublishException[] = isNew.flatMap((one, index) => (one ? [] : [{ index, kind: 'duplicate' }]))
    const answers = fresh.length === 0 ? NO_EXCEPTIONS : await publisher.publish(fresh.map(({ message }) => message))
    return [...duplicates, ...answers.map(answer => ({ ...answer, index: fresh[answer.index]?.index ?? 0 }))]
  })
}
