import type { LogRecord, LogSnapshot } from '@pluribus/commit-log'
import { readMessage } from '../codec.js'
import { writtenByLaterVersion } from '../errors.js'
import { decodeCheckpoint } from '../format/checkpoint.js'
import { head } from '../format/message-head.js'
import { FORMAT, KIND } from '../format/record-kind.js'
import { read } from '../format/records.js'
import { FolderModel } from '../model/folder-model.js'
import type { ExportProgress } from './export-progress.js'
import type { ExportedTopic, ExportReport } from './export-report.js'
import { dayOf, folderOf } from './file-name.js'
import type { LineFiles } from './line-files.js'
import { deathLine, messageLine } from './message-line.js'
import { standingsOf } from './standing.js'

/** Ids are not asked for: nothing is published. */
const NO_WINDOW = 0

/** What an export works with. */
export interface FolderExportParts {
  readonly snapshot: LogSnapshot
  readonly files: LineFiles
  progress(progress: ExportProgress): void
  /** Throws when it is to end. */
  check(): void
}

/**
 * One reading of a folder's log, twice: first what came behind the last checkpoint, after which it is known what is kept and how it stands,
 * then everything, to write what is kept as it comes.
 */
export class FolderExport {
  readonly #parts: FolderExportParts
  readonly #topics = new Map<string, { messages: number; deadLetters: number }>()
  #model = new FolderModel(NO_WINDOW)
  #nameless = 0

  constructor(parts: FolderExportParts) {
    this.#parts = parts
  }

  async run(): Promise<ExportReport> {
    const { snapshot, files, progress, check } = this.#parts
    const replay = {
      restore: ({ sequence, state }: { readonly sequence: number; readonly state: Uint8Array }) => {
        this.#model = decodeCheckpoint(state, sequence, NO_WINDOW)
      },
      record: (record: LogRecord) => this.#model.apply(record),
    }
    await snapshot.replay(replay, { pace: async () => check(), progress: read => progress({ step: 1, ...read }) })
    for (const { spec } of this.#model.topics()) this.#topics.set(spec.name, { messages: 0, deadLetters: 0 })
    const { damage, absent, brokenCheckpoints } = await snapshot.read({
      record: record => this.#write(record),
      pace: async () => {
        check()
        await files.pace()
      },
      progress: read => progress({ step: 2, ...read }),
    })
    return { topics: this.#exported(), damage, absent, brokenCheckpoints, nameless: this.#nameless }
  }

  #exported(): readonly ExportedTopic[] {
    const topics = [...this.#topics].map(([topic, counts]) => ({ topic, ...counts }))
    return topics.sort((a, b) => (a.topic < b.topic ? -1 : 1))
  }

  #write({ sequence, kind, body }: LogRecord): void {
    if (body[0] !== FORMAT) throw writtenByLaterVersion(body[0] ?? 0)
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    if (kind === KIND.MESSAGE || kind === KIND.MOVED) this.#writeMessage(sequence, bytes)
    else if (kind === KIND.DEAD) this.#writeDeath(sequence, bytes)
  }

  #writeMessage(sequence: number, bytes: Buffer): void {
    const { files } = this.#parts
    const number = head.topic(bytes)
    const [position, stored] = [head.position(bytes), head.stored(bytes)]
    const topic = this.#model.topicNumbered(number)
    const name = topic?.spec.name ?? ''
    const message = readMessage(name, bytes)
    const path = `messages/${folderOf(name, number)}/${dayOf(message.time)}.jsonl`
    if (topic === undefined) {
      this.#nameless++
      files.add(path, messageLine(message, { topic: null, position, stored, subscriptions: [] }))
      return
    }
    // Copied forward since, or not kept any more.
    if (topic.index.sequenceOf(position) !== sequence) return
    const subscriptions = standingsOf(topic, position, this.#model.clock)
    files.add(path, messageLine(message, { topic: name, position, stored, subscriptions }))
    this.#count(name).messages++
  }

  #writeDeath(sequence: number, bytes: Buffer): void {
    const death = read.dead(bytes)
    const { topic, subscription } = this.#model.subscriptionNumbered(death.subscription) ?? {}
    // Put back or discarded since.
    if (topic === undefined || subscription?.deaths.get(death.position)?.sequence !== sequence) return
    const { name } = topic.spec
    const path = `dead-letters/${folderOf(name, topic.number)}/${dayOf(death.time)}.jsonl`
    this.#parts.files.add(path, deathLine(name, subscription.spec.name, death))
    this.#count(name).deadLetters++
  }

  #count(topic: string): { messages: number; deadLetters: number } {
    return this.#topics.get(topic) as { messages: number; deadLetters: number }
  }
}
