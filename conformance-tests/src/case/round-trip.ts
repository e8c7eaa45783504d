import type { Message, PublishOptions, Topic } from '@pluribus/core'
import type { CaseContext } from './context.js'

/** Publishes each value, and answers the messages that came: in the order of publishing, whatever the order of arrival. */
export async function roundTrip<T>(
  it: CaseContext,
  topic: Topic<T>,
  values: readonly T[],
  optionsOf: (value: T, n: number) => PublishOptions = () => ({}),
): Promise<readonly Message<T>[]> {
  const broker = await it.open()
  const came = new Map<string, Message<T>>()
  const subscription = topic.subscription(`round-trip-${it.history.number()}`)
  const seen = await it.collect(broker, subscription, message => void came.set(message.id, message))
  const items = values.map((data, n) => ({ ...optionsOf(data, n), data }))
  const { receipts } = await broker.publishMany(topic, items)
  const ids = receipts.map(receipt => receipt?.id ?? '')
  // By their ids: what an earlier round trip has left in the topic comes here too. Whether their acks were in time is no question of this.
  await it.until(() => ids.every(id => came.has(id)), {
    within: 2 * it.timing.arrive,
    what: `${values.length} messages to be handled`,
  })
  await seen.close()
  return ids.map(id => came.get(id) as Message<T>)
}
