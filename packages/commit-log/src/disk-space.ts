import type { LogEnvironment } from './environment.js'
import type { LogNotice } from './notice.js'
import type { Reserve } from './reserve.js'
import { isFull } from './whole-file.js'

const BETWEEN_LOOKS = 1000

/** Whether the disk is full, and when to look whether it still is. */
export class DiskSpace {
  readonly #reserve: Reserve
  readonly #environment: LogEnvironment
  readonly #notice: (notice: LogNotice) => void
  #isFull = false
  #isLooking = false
  #lookedAt = Number.NEGATIVE_INFINITY

  constructor(reserve: Reserve, environment: LogEnvironment, notice: (notice: LogNotice) => void) {
    this.#reserve = reserve
    this.#environment = environment
    this.#notice = notice
  }

  get isFull(): boolean {
    return this.#isFull
  }

  /** The disk has said that it is full. Returns when what was kept for this case may be used. */
  async exhausted(error: unknown): Promise<void> {
    if (!this.#isFull) {
      this.#isFull = true
      this.#notice({ kind: 'full', error })
    }
    await this.#reserve.release().catch(error => this.#notice({ kind: 'left-over', error }))
  }

  /** Looks whether there is room again, once a second at most, however often it is asked to. */
  async look(): Promise<void> {
    const now = this.#environment.clock.monotonic()
    if (!this.#isFull || this.#isLooking || now < this.#lookedAt + BETWEEN_LOOKS) return
    this.#lookedAt = now
    await this.lookNow()
  }

  /** Looks whether there is room: files have just been removed, or the log is being opened. */
  async lookNow(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      const hasRoom = await this.#reserve.fill()
      if (hasRoom === !this.#isFull) return
      this.#isFull = !hasRoom
      this.#notice({ kind: hasRoom ? 'room' : 'full', error: undefined })
    } catch (error) {
      this.#notice({ kind: 'left-over', error })
    } finally {
      this.#isLooking = false
    }
  }
}

/** Tries once more, with the room that is kept for a full disk, what failed for want of room. */
export async function withReserve<T>(space: DiskSpace, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (!isFull(error)) throw error
    await space.exhausted(error)
    return await action()
  }
}
