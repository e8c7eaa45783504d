import type { Environment, TimerHandle } from '@pluribus/core/driver'
import type { Service } from '../socket/service.js'
import type { SocketServer } from '../socket/socket-server.js'
import type { Claim } from './lock-folder.js'
import type { NodeLockFolder } from './node-lock-folder.js'

/** What a leader is made of. */
export interface LeaderParts {
  readonly environment: Environment
  readonly locks: NodeLockFolder
  readonly claim: Claim
  readonly generation: number
  readonly server: SocketServer
  /** Milliseconds between looks whether somebody else leads, while there is nothing to do. */
  readonly interval: number
  /** The leader before did not end, and was given up. */
  readonly followsSilence: boolean
  /** This process leads no more. Called once, unless it is closed first. */
  lost(cause: unknown): void
}

/** This process leads the folder, until another does. */
export class Leader {
  readonly role = 'leader'
  /** Larger than that of any leader before: for the log, and for tokens. */
  readonly generation: number
  /** The same for every leader of this folder, 16 bytes. */
  readonly origin: Buffer
  /** The leader before did not end: it was given up because it said nothing, and others may still be waiting for it. */
  readonly followsSilence: boolean
  readonly #parts: LeaderParts
  #timer: TimerHandle | undefined
  #closing: Promise<void> | undefined

  constructor(parts: LeaderParts) {
    this.#parts = parts
    this.generation = parts.generation
    this.followsSilence = parts.followsSilence
    this.origin = Buffer.from(parts.claim.note.origin, 'hex')
    this.#watch()
  }

  /**
   * Returns while no other process leads. What this one has written before the call is then seen by whoever leads after it: write,
   * verify, acknowledge. Takes two looks at the folder, some microseconds.
   *
   * @throws PluribusError `UNAVAILABLE` once another process does, for ever.
   */
  verify(): void {
    this.#parts.locks.verify(this.#parts.claim, this.generation)
  }

  /** Begins to answer those who follow. Their calls have waited until now. */
  serve(service: Service): void {
    this.#parts.server.serve(service)
  }

  /** Leads no more: cuts off those who follow, so that they elect anew. May be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#parts.environment.timers.clearTimeout(this.#timer)
    await this.#parts.server.close()
    await this.#parts.locks.close()
  }

  #watch(): void {
    this.#timer = this.#parts.environment.timers.setTimeout(() => {
      try {
        this.verify()
        this.#watch()
      } catch (cause) {
        void this.close().then(() => this.#parts.lost(cause))
      }
    }, this.#parts.interval)
  }
}
