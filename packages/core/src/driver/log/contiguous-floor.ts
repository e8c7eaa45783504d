import { encodeRanges, type PositionRange } from './position-ranges.js'

/**
 * How a {@link ContiguousFloor} starts, and what bounds it.
 *
 * @example
 * ```ts
 * import { type ContiguousFloorOptions, decodeRanges } from '@pluribus/core/driver'
 *
 * const stored: ContiguousFloorOptions = { floor: 100, done: decodeRanges('1,4-3', 100), span: 512, room: 3_000 }
 * ```
 */
export interface ContiguousFloorOptions {
  /** Everything below it is done. Positions are whole numbers and grow. */
  readonly floor: number
  /** What is done above it, ascending, as it was stored. Default: nothing. */
  readonly done?: readonly PositionRange[]
  /** The most positions between the floor and the last one delivered. Default: any number. */
  readonly span?: number
  /** Characters there are to store what is done above the floor (`encodeRanges`). Default: any number. */
  readonly room?: number
}

/**
 * Up to where everything that was *delivered* is done: positions that nobody ever sees (markers, what was compacted away)
 * are not waited for. Answers where to commit, what is done above that, and whether more may be delivered: what is done above
 * the floor always fits its room, whichever of the delivered ones get done.
 *
 * @example
 * ```ts
 * import { ContiguousFloor } from '@pluribus/core/driver'
 *
 * const floor = new ContiguousFloor({ floor: 5 })
 * for (const position of [5, 6, 9]) floor.deliver(position) // 7 and 8 do not exist
 * floor.done(6)
 * floor.floor // 5, and 6 is done above it
 * floor.done(5)
 * floor.floor // 9: commit "up to 9"
 * ```
 */
export class ContiguousFloor {
  readonly #span: number
  readonly #room: number
  /** Done before we came, above the floor that we started with. */
  readonly #stored: readonly PositionRange[]
  #nextStored = 0
  /** Delivered and not below the floor, ascending; before `#head` they are below it. */
  #positions: number[] = []
  #isDone: boolean[] = []
  /** The characters that each may cost. */
  #costs: number[] = []
  #head = 0
  #cost = 0
  #reached: number
  /** The last position delivered, or the floor we started with. */
  #last: number
  #passed = 0

  constructor({ floor, done = [], span, room }: ContiguousFloorOptions) {
    this.#reached = floor
    this.#last = floor
    this.#stored = done
    // Until they are delivered again, they are stored beside what we add.
    this.#cost = encodeRanges(done, floor).length + 1
    this.#span = span ?? Number.POSITIVE_INFINITY
    this.#room = room ?? Number.POSITIVE_INFINITY
  }

  /** Commit "up to here": the first position that may have to be delivered again. */
  get floor(): number {
    return this.#positions[this.#head] ?? this.#reached
  }

  /** Where to read on. */
  get reached(): number {
    return this.#reached
  }

  /** Positions delivered from the floor on, done or not. */
  get span(): number {
    return this.#positions.length - this.#head
  }

  /** How many of the delivered positions the floor has passed since the start. */
  get passed(): number {
    return this.#passed
  }

  /** Nothing more is to be delivered until the floor moves. Never true of an empty span. */
  get isFull(): boolean {
    return this.span > 0 && (this.span >= this.#span || this.#cost >= this.#room)
  }

  /**
   * A position is delivered, in ascending order. False where it was done already when we started: not to be handed out again.
   *
   * @throws RangeError where the order is broken.
   */
  deliver(position: number): boolean {
    if (position < this.#reached) throw new RangeError(`Position ${position} was passed: ${this.#reached} is next.`)
    // Any run of digits is no longer than its parts' together, so the sum bounds whatever ranges come of these.
    const cost = (position - this.#last).toString(36).length + 2
    const wasDone = this.#wasDone(position)
    this.#last = position
    this.#reached = position + 1
    this.#positions.push(position)
    this.#isDone.push(wasDone)
    this.#costs.push(cost)
    this.#cost += cost
    if (wasDone) this.#advance()
    return !wasDone
  }

  /** The reader has got to `next`, and what it did not deliver up to there does not exist. */
  reach(next: number): void {
    this.#reached = Math.max(this.#reached, next)
  }

  /** A delivered position is done. Again, or below the floor, changes nothing. */
  done(position: number): void {
    const index = this.#indexOf(position)
    if (index < 0) return
    this.#isDone[index] = true
    if (index === this.#head) this.#advance()
  }

  /** What is done above the floor, ascending, what was stored and is not yet delivered again included. */
  ranges(): readonly PositionRange[] {
    const ranges: { first: number; last: number }[] = []
    let isOpen = false
    for (let index = this.#head; index < this.#positions.length; index++) {
      const position = this.#positions[index] as number
      const last = ranges.at(-1)
      if (this.#isDone[index] !== true) isOpen = false
      else if (isOpen && last !== undefined) last.last = position
      else {
        ranges.push({ first: position, last: position })
        isOpen = true
      }
    }
    return [...ranges, ...this.#storedAbove()]
  }

  #storedAbove(): readonly PositionRange[] {
    const above = this.#stored.slice(this.#nextStored).filter(({ last }) => last >= this.#reached)
    return above.map(({ first, last }) => ({ first: Math.max(first, this.#reached), last }))
  }

  #wasDone(position: number): boolean {
    let range = this.#stored[this.#nextStored]
    while (range !== undefined && range.last < position) {
      this.#cost -= encodeRanges([range], this.#stored[this.#nextStored - 1]?.last ?? 0).length
      range = this.#stored[++this.#nextStored]
    }
    return range !== undefined && range.first <= position
  }

  #indexOf(position: number): number {
    let low = this.#head
    let high = this.#positions.length - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      const found = this.#positions[middle] as number
      if (found === position) return middle
      if (found < position) low = middle + 1
      else high = middle - 1
    }
    return -1
  }

  #advance(): void {
    while (this.#isDone[this.#head] === true) {
      this.#cost -= this.#costs[this.#head] as number
      this.#head++
      this.#passed++
    }
    // Moving the rest is paid for by what has been passed.
    if (this.#head < 64 || this.#head * 2 < this.#positions.length) return
    this.#positions = this.#positions.slice(this.#head)
    this.#isDone = this.#isDone.slice(this.#head)
    this.#costs = this.#costs.slice(this.#head)
    this.#head = 0
  }
}
