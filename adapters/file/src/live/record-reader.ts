import type { CommitLog, LogRecord } from '@pluribus/commit-log'
import { recordMissing } from '../errors.js'
import { KIND } from '../format/record-kind.js'
import type { TopicModel } from '../model/topic-model.js'
import { MessageCache } from './message-cache.js'

/** Records that are read and not wanted, before it is quicker to begin anew further on. */
const FAR = 4_096

/** Reads what the model only knows the place of. */
export class RecordReader {
  readonly #log: CommitLog
  readonly #cache: MessageCache

  /** @param cacheBytes Of messages that are kept in memory as well. */
  constructor(log: CommitLog, cacheBytes: number) {
    this.#log = log
    this.#cache = new MessageCache(cacheBytes)
  }

  /** A message has just been written: it will be wanted soon. */
  keep(sequence: number, bytes: Buffer): void {
    this.#cache.put(sequence, bytes)
  }

  /** Nobody waits for the message any more. */
  forget(sequence: number): void {
    this.#cache.forget(sequence)
  }

  /** A message that is in memory; undefined where it has to be read. */
  kept(topic: TopicModel, position: number): Buffer | undefined {
    return this.#cache.get(topic.index.sequenceOf(position))
  }

  /**
   * Messages of a topic, in the order of the positions. Undefined where one has been removed.
   *
   * @throws LogError `DAMAGED`.
   */
  async messages(topic: TopicModel, positions: readonly number[]): Promise<readonly (Buffer | undefined)[]> {
    const found = positions.map(position => this.#cache.get(topic.index.sequenceOf(position)))
    if (!found.includes(undefined)) return found
    // A message may be copied forward, and its segment go, while it is looked for.
    for (let tries = 0; tries < 3; tries++) {
      const missing = positions.flatMap((position, index) => {
        const sequence = topic.index.sequenceOf(position)
        return found[index] === undefined && sequence > 0 ? [{ index, sequence }] : []
      })
      if (missing.length === 0) return found
      const read = await this.records(missing.map(({ sequence }) => sequence))
      for (const { index, sequence } of missing) found[index] = read.get(sequence)
    }
    const lost = positions.find((position, index) => found[index] === undefined && topic.index.has(position))
    if (lost !== undefined) throw recordMissing(topic.spec.name, lost)
    return found
  }

  /** Bodies of records by sequence number, as far as they are there. What is read beside them is kept for the next who asks. */
  async records(sequences: readonly number[]): Promise<ReadonlyMap<number, Buffer>> {
    const wanted = sequences.toSorted((a, b) => a - b)
    const found = new Map<number, Buffer>()
    let next = 0
    while (next < wanted.length) {
      const started = next
      for await (const records of this.#log.read(wanted[next] as number)) {
        next = this.#sort(records, wanted, next, found)
        const last = (records.at(-1) as LogRecord).sequence
        if (next >= wanted.length || (wanted[next] as number) > last + FAR) break
      }
      // Nothing is there any more from here on.
      if (next === started) break
    }
    return found
  }

  /** Answers how far it has got among the wanted. */
  #sort(records: readonly LogRecord[], wanted: readonly number[], from: number, found: Map<number, Buffer>): number {
    let next = from
    for (const { sequence, kind, body } of records) {
      while (next < wanted.length && (wanted[next] as number) < sequence) next++
      const isWanted = wanted[next] === sequence
      if (!isWanted && kind !== KIND.MESSAGE) continue
      // A copy: what was read is part of a megabyte.
      const bytes = Buffer.from(body)
      if (kind === KIND.MESSAGE || kind === KIND.MOVED) this.#cache.put(sequence, bytes)
      if (!isWanted) continue
      found.set(sequence, bytes)
      next++
    }
    return next
  }
}
