import type { Broker } from '@pluribus/core'

/** What a broker tells of its connections and consumers from now on, in order, with the connections' generations. */
export function eventsOf(broker: Broker): readonly string[] {
  const events: string[] = []
  broker.on('connection.up', ({ generation }) => void events.push(`connection.up ${generation}`))
  broker.on('connection.down', ({ generation }) => void events.push(`connection.down ${generation}`))
  broker.on('consumer.up', ({ generation }) => void events.push(`consumer.up ${generation}`))
  broker.on('consumer.down', () => void events.push('consumer.down'))
  return events
}
