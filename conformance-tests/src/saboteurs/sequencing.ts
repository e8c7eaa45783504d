import type { Lane, Publisher } from '@pluribus/core/driver'
import { decorate } from '../history/decorate.js'
import { outgoingLike } from './message-like.js'
import { defineSaboteurs } from './saboteur.js'

type Sequenced = NonNullable<Publisher['publishSequenced']>

const handOver =
  (publisher: Publisher): Sequenced =>
  (lane, first, batch) => {
    if (publisher.publishSequenced === undefined) throw new Error('This publisher knows no lanes.')
    return publisher.publishSequenced(lane, first, batch)
  }

const positionOf = async (publisher: Publisher, lane: Lane): Promise<number> => (await publisher.position?.(lane)) ?? 0

/** What goes wrong with lanes. */
export const SEQUENCING = defineSaboteurs(
  {
    name: 'a-repeat-is-stored-again',
    of: 'memory',
    breaks: 'What a lane holds already is stored again when it is handed over again.',
    caughtBy: 'SEQ-01',
    says: /the position after six of which three were there|what is stored/,
    adapter: inner =>
      decorate(inner, {
        publisher: publisher => ({
          async publishSequenced(lane, _, batch) {
            const again = batch.map(message => outgoingLike(message, { idSupplied: false }))
            return handOver(publisher)(lane, (await positionOf(publisher, lane)) + 1, again)
          },
        }),
      }),
  },
  {
    name: 'a-gap-is-passed-over',
    of: 'memory',
    breaks: 'What leaves a gap in its lane is stored behind it.',
    caughtBy: 'SEQ-02',
    says: /the position after what does not begin at 1/,
    adapter: inner =>
      decorate(inner, {
        publisher: publisher => ({
          async publishSequenced(lane, first, batch) {
            const next = (await positionOf(publisher, lane)) + 1
            return handOver(publisher)(lane, Math.min(first, next), batch)
          },
        }),
      }),
  },
  {
    name: 'epochs-are-ignored',
    of: 'memory',
    breaks: 'A forwarder that was replaced goes on storing in its lane.',
    caughtBy: 'SEQ-03',
    says: /what the earlier one is told/,
    adapter: inner =>
      decorate(inner, {
        publisher: publisher => ({
          publishSequenced: ({ name }, first, batch) => handOver(publisher)({ name, epoch: 1 }, first, batch),
        }),
      }),
  },
)
