import type { Subscriber } from '@pluribus/core/driver'
import { subscriberLike } from './decorate.js'
import { RecordedSource } from './recorded-source.js'
import type { Recording } from './recording.js'

/** A subscriber whose sources are recorded. */
export function recordSubscriber(inner: Subscriber, recording: Recording): Subscriber {
  const { history, process } = recording
  return subscriberLike(inner, {
    async open(spec, options, events) {
      const recorded = new RecordedSource(spec, recording)
      const source = await inner.open(spec, options, {
        wake: () => events.wake(),
        lost: tokens => {
          recorded.lost(tokens)
          events.lost(tokens)
        },
        ended: cause => {
          recorded.over('ended')
          events.ended(cause)
        },
      })
      return recorded.follow(source, options)
    },
    async remove(name) {
      history.add(process, { kind: 'remove', topic: name.topic, subscription: name.name })
      await inner.remove(name)
    },
  })
}
