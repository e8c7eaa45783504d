import type { Folder } from './folder.js'

/** A folder that this process uses, whoever leads it. */
export interface JoinedFolder extends Folder {
  /** Whether it is closed, or being closed: it is to be joined anew. */
  readonly isOver: boolean
  /** Resolves when the folder is closed, whatever the reason. */
  readonly over: Promise<void>
  /** Ends all connections of this process, as lost, and gives the folder up. */
  close(): Promise<void>
}
