import type { CommitLog } from '@pluribus/commit-log'
import { bufferOf } from '../../server/text.ts'
import type { Item, Queue, Subject } from '../../subject.ts'
import { PUBLISHING_SCENARIOS } from './scenarios.ts'

const KIND = 1

/** Ours below the broker: what of the cost of a publish is the log's. */
class LogAlone implements Queue {
  readonly #log: CommitLog
  readonly #before: number

  constructor(log: CommitLog) {
    this.#log = log
    this.#before = log.next
  }

  publish({ data }: Item): Promise<unknown> {
    return this.#log.append(KIND, bufferOf(data))
  }

  publishAll(items: readonly Item[]): Promise<unknown> {
    return this.#log.appendAll(items.map(({ data }) => ({ kind: KIND, body: bufferOf(data) })))
  }

  async consume(): Promise<void> {
    throw new Error('A log has no consumers.')
  }

  async left(): Promise<number> {
    return this.#log.next - this.#before
  }

  close(): Promise<unknown> {
    return this.#log.close()
  }
}

export const commitLog: Subject = {
  name: 'commit-log',
  what: 'our log alone, @pluribus/commit-log: what of a publish is its cost',
  keeps: true,
  only: PUBLISHING_SCENARIOS,
  // Loaded here, so that the process of another subject is spared it.
  open: async ({ url }) => {
    const { CommitLog, nodeDisk } = await import('@pluribus/commit-log')
    return new LogAlone(await CommitLog.open({ disk: nodeDisk(url.replace(/^file:/, '')) }))
  },
}
