import type { Owner } from '../machine/owner.ts'

/** A process to be run. It gets this environment and no other. */
export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** A {@link Command}, as whom it runs and where. */
export interface Job extends Command {
  readonly owner?: Owner | undefined
  readonly folder: string
  /** What it writes is appended to this file. */
  readonly log: string
}

/** What a supervisor is asked. */
export type Question =
  /** Makes the folder, which the supervisor deletes at its end; answers false where it exists. */
  | { readonly ask: 'claim'; readonly folder: string; readonly owner?: Owner | undefined }
  /** Deletes the folder again. */
  | { readonly ask: 'yield' }
  /** Runs a job to its end; fails unless that is a success. */
  | { readonly ask: 'run'; readonly job: Job }
  /** Starts the server; answers when it has a process. `discard` is how it is ended when its user has vanished. */
  | { readonly ask: 'start'; readonly job: Job; readonly discard?: NodeJS.Signals | undefined }
  /** Sends a signal to all of the server's processes. */
  | { readonly ask: 'signal'; readonly signal: 'SIGSTOP' | 'SIGCONT' }
  /** Ends the server; answers when none of its processes is left: true where that was by the signal, false where they had to be killed. */
  | { readonly ask: 'end'; readonly signal: NodeJS.Signals; readonly patience: number }
  /** Ends the server and deletes the folder. */
  | { readonly ask: 'discard' }

/** A question and the number that its answer carries. */
export type Request = Question & { readonly id: number }

/** An answer, or the news that the server has ended. */
export type Report =
  | { readonly id: number; readonly answer: boolean }
  | { readonly id: number; readonly failure: string }
  | { readonly ended: string }
