import type { Claimed } from './claimed.js'
import type { LeaseTable, Session } from './lease-table.js'
import { type Reserved, ReservedLine } from './reserved-line.js'
import { SUSPECT_AFTER, type TroubleBook } from './trouble.js'

const NONE = -1

/** What a handover works on: all of it the queue's. */
export interface HandoverParts {
  readonly leases: LeaseTable
  readonly troubles: TroubleBook
  readonly claimed: Claimed
  readonly direction: 1 | -1
  bandOf(position: number): number
}

/** Leases that go over from a session to the one that replaces it: moved at once, and handed out at its next claims. */
export class Handover {
  readonly #parts: HandoverParts

  constructor(parts: HandoverParts) {
    this.#parts = parts
  }

  /**
   * Moves all leases of `from` to `to`, and closes it. Returns how many.
   *
   * @throws RangeError when `to` is not open, or is of another instance: that would hide a loss.
   */
  transfer(from: number, to: number, now: number): number {
    const { leases, direction } = this.#parts
    const heir = leases.opened(to)
    const left = leases.session(from)
    if (left === undefined || left === heir) return 0
    if (left.instance !== heir.instance) {
      throw new RangeError(`Session ${from} is of another instance than ${to}, which cannot take its leases.`)
    }
    const moved: Reserved[] = []
    for (let slot = leases.first(left); slot !== NONE; slot = leases.first(left)) {
      const band = this.#parts.bandOf(leases.position[slot] as number)
      const score = direction * (leases.place[slot] as number)
      moved.push({ band, score, token: leases.transfer(slot, heir, now) })
    }
    leases.close(from)
    if (moved.length === 0) return 0
    heir.reserved ??= new ReservedLine()
    heir.reserved.add(moved)
    return moved.length
  }

  /**
   * Writes up to `max` of what came over to `claimed`, a suspect alone, and returns how many. While `reserved` stays,
   * nothing else may follow in this claim.
   */
  claim(holder: Session, max: number, now: number): number {
    const { leases, troubles, claimed } = this.#parts
    let count = 0
    for (let slot = this.#seek(holder); slot !== NONE && count < max; slot = this.#seek(holder)) {
      const position = leases.position[slot] as number
      const trouble = troubles.get(position)
      const suspect = trouble !== undefined && trouble.losses >= SUSPECT_AFTER
      if (suspect && count > 0) break
      holder.reserved?.drop()
      leases.renew(slot, now)
      claimed.put(count++, position, leases.token(slot), trouble)
      if (suspect) break
    }
    return count
  }

  /** Slot of the first lease that came over and has not ended since; NONE where none is left. */
  #seek(holder: Session): number {
    const line = holder.reserved
    while (line?.isEmpty === false) {
      const slot = this.#parts.leases.find(line.token)
      if (slot !== NONE) return slot
      line.drop()
    }
    holder.reserved = undefined
    return NONE
  }
}
