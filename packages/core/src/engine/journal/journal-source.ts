import type { OutgoingMessage } from '../../driver/message.js'

/** Something that has a message for the journal now and then. Only one of its messages is under way at a time. */
export interface JournalSource {
  /**
   * What is to be written now, if anything is; it is under way until `stored` or `refused`. Throws `TOO_LARGE` for what this
   * broker does not take, and never again for the same.
   */
  next(): OutgoingMessage | undefined
  stored(): void
  /** The message will never be stored, and is not to be written again. */
  refused(): void
}
