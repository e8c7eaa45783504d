import type { Subscription } from '@pluribus/core'
import type { EventOf, HistoryEvent } from '../history/event.js'
import type { History } from '../history/history.js'

/**
 * The most deliveries that one source of a subscription has held at once: handed out, neither settled nor taken away, and
 * their run not ended. A run that has ended takes no slot any more, whether its settlement is under way or still to be sent.
 */
export function mostHeld({ events }: History, of: Subscription<unknown>): number {
  const held = new Map<number, EventOf<'deliver'>>()
  const runs = new Map<number, EventOf<'run'>>()
  const drop = (isGone: (delivery: EventOf<'deliver'>) => boolean) => {
    for (const [number, delivery] of held) if (isGone(delivery)) held.delete(number)
  }
  let most = 0
  const read = (event: HistoryEvent) => {
    if (event.kind === 'deliver' && event.topic === of.topic.name && event.subscription === of.name) {
      held.set(event.delivery, event)
      most = Math.max(most, [...held.values()].filter(({ source }) => source === event.source).length)
    } else if (event.kind === 'settle') held.delete(event.delivery)
    else if (event.kind === 'lost') for (const delivery of event.deliveries) held.delete(delivery)
    else if (event.kind === 'end') drop(({ source }) => source === event.source)
    else if (event.kind === 'run') runs.set(event.run, event)
    else if (event.kind === 'ran') {
      const run = runs.get(event.run)
      drop(({ id, process }) => id === run?.id && process === event.process)
    }
  }
  for (const event of events) if (event.process !== 'audit') read(event)
  return most
}
