import { ContiguousFloor, decodeNote, encodeNote, LossLedger, NOTE_OVERHEAD } from '@pluribus/core/driver'
import { describe, expect, test } from 'vitest'
import { model, pick } from './model.js'

const SPAN = 6
const ROOM = 4_096

/** A partition of 40 positions, and its owner. */
class Owner {
  readonly floor: ContiguousFloor
  readonly ledger: LossLedger
  /** What may be in hand, with the ordinal it came with. */
  readonly hand = new Map<number, number>()
  #ordinal = 0

  constructor(text: string, start: number, instance: string) {
    const note = decodeNote(text, start)
    this.ledger = new LossLedger({ note, instance, span: SPAN })
    this.floor = new ContiguousFloor({ floor: start, done: note?.done ?? [], span: SPAN, room: ROOM - NOTE_OVERHEAD })
  }

  fetch(): void {
    while (!this.floor.isFull && this.floor.reached < 40) {
      const position = this.floor.reached
      this.#ordinal++
      if (this.floor.deliver(position)) this.hand.set(position, this.#ordinal)
    }
  }

  done(position: number): void {
    this.hand.delete(position)
    this.floor.done(position)
    this.ledger.forget(position)
  }
}

describe('loss ledger', () => {
  test('counts no loss too few, and marks exactly, through crashes, returns and clean handovers', () => {
    const weights = { ack: 10, forgive: 3, mark: 7, unmark: 2, crash: 9, back: 3, giveBack: 3 } as const
    const transitions = ['ack', 'forgiven', 'marked', 'unmarked', 'crash', 'marked crash', 'back', 'given back']
    const world = (count: (name: string) => void) => {
      let stored = { text: '', floor: 0 }
      let process = 0
      /** The truth: what was in hand when an owner vanished, and what of it was marked. */
      const losses = new Map<number, number>()
      const marks = new Map<number, number>()
      let marked: number | undefined
      let owner = new Owner('', 0, 'p0')
      const store = (given = false) => {
        stored = { text: owner.ledger.note(owner.floor, given), floor: owner.floor.floor }
        expect(stored.text.length).toBeLessThanOrEqual(ROOM)
        expect(encodeNote(decodeNote(stored.text, stored.floor) as never, stored.floor)).toBe(stored.text)
      }
      const next = (instance: string) => {
        owner = new Owner(stored.text, stored.floor, instance)
        owner.fetch()
        store()
      }
      owner.fetch()
      store()
      const one = (n: number) => pick([...owner.hand.keys()], n)
      const alone = (n: number, act: (position: number) => void) => {
        const position = marked ?? one(n)
        if (position !== undefined) act(position)
      }
      const commands = {
        ack: (n: number) =>
          alone(n, position => {
            owner.done(position)
            if (marked === position) marked = undefined
            owner.fetch()
            store()
            count('ack')
          }),
        forgive: (n: number) =>
          alone(n, position => {
            owner.ledger.forgive(position, owner.hand.get(position) as number)
            losses.delete(position)
            marks.delete(position)
            if (marked === position) marked = undefined
            store()
            count('forgiven')
          }),
        mark: (n: number) => {
          const position = one(n)
          if (position === undefined || marked !== undefined) return
          owner.ledger.mark(position)
          marked = position
          store()
          count('marked')
        },
        unmark: () => {
          if (marked === undefined) return
          expect(owner.ledger.unmark(marked)).toBe(true)
          marked = undefined
          store()
          count('unmarked')
        },
        crash: () => {
          const lost = marked === undefined ? [...owner.hand.keys()] : [marked]
          for (const position of lost) losses.set(position, (losses.get(position) ?? 0) + 1)
          if (marked !== undefined) marks.set(marked, (marks.get(marked) ?? 0) + 1)
          count(marked === undefined ? 'crash' : 'marked crash')
          marked = undefined
          next(`p${++process}`)
        },
        back: () => {
          next(`p${process}`)
          count('back')
        },
        giveBack: () => {
          marked = undefined
          store(true)
          next(`p${++process}`)
          count('given back')
        },
      }
      return (command: keyof typeof weights, n: number) => {
        commands[command](n)
        for (const [position, ordinal] of owner.hand) {
          const counted = owner.ledger.lossesOf(position, ordinal)
          // Only as many as are kept.
          expect(counted.losses).toBeGreaterThanOrEqual(Math.min(losses.get(position) ?? 0, 8))
          expect(counted.marks).toBe(marks.get(position) ?? 0)
        }
      }
    }
    model('loss ledger', weights, world, transitions)
  })

  test('what was fetched beyond the reach of the lost owner has no loss, and what it had done does not come back', () => {
    const dead = new Owner('', 0, 'dead')
    dead.fetch()
    dead.done(3)
    const heir = new Owner(dead.ledger.note(dead.floor), 0, 'heir')
    heir.fetch()
    expect([...heir.hand.keys()]).toEqual([0, 1, 2, 4, 5])
    expect(heir.ledger.lossesOf(5, heir.hand.get(5) as number).losses).toBe(1)
    for (const position of [0, 1, 2]) heir.done(position)
    heir.fetch()
    expect(heir.ledger.lossesOf(6, heir.hand.get(6) as number)).toEqual({ losses: 0, marks: 0 })
  })
})
