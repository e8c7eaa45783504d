import type { Delivery, OutgoingMessage, Pulled, Source, StoredMessage } from '@pluribus/core/driver'

/** A source that hands out something else than it was given. */
export const handingOut = (
  source: Source,
  change: (deliveries: readonly Delivery[]) => readonly Delivery[],
): Pick<Source, 'pull'> => ({
  async pull(max): Promise<Pulled> {
    const pulled = await source.pull(max)
    return { ...pulled, deliveries: change(pulled.deliveries) }
  },
})

/** A copy of a message, some members of which are different. Those of the original may be getters, so a spread would lose them. */
export const messageLike = <M extends StoredMessage>(inner: M, changes: Partial<OutgoingMessage>): M =>
  new Proxy(inner, {
    get: (target, member) =>
      Object.hasOwn(changes, member) ? Reflect.get(changes, member) : Reflect.get(target, member, target),
  })
