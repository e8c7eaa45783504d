import type { Lane, OutgoingMessage, PublishException, Publisher } from '@pluribus/core/driver'
import { publisherLike } from './decorate.js'
import { digestOf } from './digest.js'
import type { PublishResult } from './event.js'
import type { Recording } from './recording.js'

type Batch = readonly OutgoingMessage[]

/** A publisher whose every batch, and every answer, is recorded. */
export function recordPublisher(inner: Publisher, recording: Recording): Publisher {
  const { publishSequenced } = inner
  const sequenced = (lane: Lane, first: number, batch: Batch) => {
    const publish = () => (publishSequenced as NonNullable<typeof publishSequenced>).call(inner, lane, first, batch)
    // A position short of the batch's end stored part of it, or nothing: which is the lane's business.
    const missing = (position: number): readonly PublishException[] =>
      batch.flatMap((_, index) =>
        first + index > position ? [{ index, kind: 'failed', outcome: 'unknown', error: undefined }] : [],
      )
    return record(recording, batch, publish, missing)
  }
  return publisherLike(inner, {
    publish: batch =>
      record(
        recording,
        batch,
        () => inner.publish(batch),
        exceptions => exceptions,
      ),
    ...(publishSequenced === undefined ? {} : { publishSequenced: sequenced }),
  })
}

async function record<T>(
  recording: Recording,
  batch: Batch,
  publish: () => Promise<T>,
  exceptionsOf: (answer: T) => readonly PublishException[],
): Promise<T> {
  const { history, process } = recording
  // A later batch of one process has a larger number.
  const number = history.number()
  for (const [index, message] of batch.entries()) {
    const { topic, id, key, priority, delay } = message
    const digest = digestOf(message)
    history.add(process, { kind: 'publish', topic, id, batch: number, index, digest, key, priority, delay })
  }
  const answered = (resultOf: (index: number) => PublishResult) => {
    for (const [index, { topic, id }] of batch.entries()) {
      history.add(process, { kind: 'published', topic, id, batch: number, result: resultOf(index) })
    }
  }
  try {
    const answer = await publish()
    const exceptions = new Map(exceptionsOf(answer).map(exception => [exception.index, exception]))
    answered(index => {
      const exception = exceptions.get(index)
      if (exception === undefined) return 'stored'
      return exception.kind === 'duplicate' ? 'duplicate' : exception.outcome
    })
    return answer
  } catch (error) {
    answered(() => 'unknown')
    throw error
  }
}
