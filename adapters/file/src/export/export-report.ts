import type { AbsentRange, Damage } from '@pluribus/commit-log'

/**
 * What has been exported of a topic.
 *
 * @example
 * ```ts
 * import type { ExportedTopic } from '@pluribus/file'
 *
 * const line = ({ topic, messages, deadLetters }: ExportedTopic) => `${topic}: ${messages} messages, ${deadLetters} dead letters`
 * ```
 */
export interface ExportedTopic {
  readonly topic: string
  readonly messages: number
  readonly deadLetters: number
}

/**
 * What an export has found. It is whole where `damage` and `brokenCheckpoints` are empty.
 *
 * @example
 * ```ts
 * import type { ExportReport } from '@pluribus/file'
 *
 * const lost = ({ damage }: ExportReport) => damage.reduce((sum, { first, next }) => sum + next - first, 0)
 * ```
 */
export interface ExportReport {
  /** By name. Those without a message are among them. */
  readonly topics: readonly ExportedTopic[]
  /** What is damaged, in records of the log: sequence numbers from `first` up to, but not including, `next`. */
  readonly damage: readonly Damage[]
  /** Records that the log itself says it does not have: a repair has declared them as lost, or they were never stored. */
  readonly absent: readonly AbsentRange[]
  /** Checkpoints that do not check: what they had to say was read from an older one, or from the log itself. */
  readonly brokenCheckpoints: readonly string[]
  /** Messages whose topic's name is among what is lost. They are exported under the number that it had. */
  readonly nameless: number
}
