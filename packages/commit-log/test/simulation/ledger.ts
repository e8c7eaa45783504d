import type { LogRecord } from '../../src/format/record-frame.js'
import { insist } from './violation.js'

const SIZES = [4, 4, 5, 7, 12, 60, 260, 700, 1500]

/** What became of a record that was appended. */
type Fate =
  | { readonly kind: 'pending' | 'unknown' }
  /** Nothing of it may ever be seen. */
  | { readonly kind: 'absent' }
  /** It must be there, at its place, for ever. */
  | { readonly kind: 'stored'; readonly sequence: number }
  /** It was there, and its loss was reported. */
  | { readonly kind: 'lost' }

interface Entry {
  readonly body: Buffer
  /** Appended in one call with those of the same group. */
  readonly group: number
  fate: Fate
}

/** What a log is known to hold, or may hold: the other side of every comparison. */
export class Ledger {
  readonly #entries: Entry[] = []
  /** Ids by sequence number, as they were last seen or acknowledged. */
  readonly #stored = new Map<number, number>()
  #groups = 0

  /** New records, not yet appended. Their bodies begin with their ids. */
  make(
    count: number,
    isTogether: boolean,
    choice: () => number,
  ): { readonly id: number; readonly kind: number; readonly body: Buffer }[] {
    let group = ++this.#groups
    return Array.from({ length: count }, () => {
      if (!isTogether) group = ++this.#groups
      const id = this.#entries.length
      const size = SIZES[Math.floor(choice() * SIZES.length)] as number
      const body = Buffer.alloc(size, id & 0xff)
      body.writeUInt32LE(id)
      this.#entries.push({ body, group, fate: { kind: 'pending' } })
      return { id, kind: kindOf(id), body }
    })
  }

  get size(): number {
    return this.#entries.length
  }

  acknowledged(id: number, sequence: number): void {
    const { kind } = this.#entry(id).fate
    insist(kind !== 'absent', () => `${id} is said to be stored at ${sequence}, and was known to be absent`)
    const earlier = this.#stored.get(sequence)
    insist(earlier === undefined || earlier === id, () => `${sequence} was given to ${earlier} and to ${id}`)
    this.#entry(id).fate = { kind: 'stored', sequence }
    this.#stored.set(sequence, id)
  }

  refused(id: number, outcome: 'definite' | 'unknown'): void {
    const { fate } = this.#entry(id)
    insist(
      fate.kind !== 'stored' || outcome === 'unknown',
      () => `${id} is there, and its writer was told that it is not`,
    )
    // Whoever was frozen hears of it after everybody else.
    if (fate.kind === 'pending') this.#entry(id).fate = { kind: outcome === 'definite' ? 'absent' : 'unknown' }
  }

  /** The id of a record, once its content is what was appended. */
  identify({ kind, body }: LogRecord): number {
    const bytes = Buffer.from(body)
    const id = bytes.length < 4 ? -1 : bytes.readUInt32LE()
    const entry = this.#entries[id]
    insist(entry?.body.equals(bytes) === true && kind === kindOf(id), () => `nobody appended ${bytes.toString('hex')}`)
    return id
  }

  /**
   * A log was opened, and holds these; what it does not hold is gone for good.
   *
   * @param isExcused Whether a loss of what has this sequence number was reported.
   */
  opened(found: ReadonlyMap<number, number>, isExcused: (sequence: number) => boolean): void {
    this.#checkOrder(found)
    for (const [sequence, id] of found) {
      const { fate } = this.#entry(id)
      insist(fate.kind !== 'absent', () => `${id}, which was not stored, is there at ${sequence}`)
      const isElsewhere = fate.kind === 'stored' && fate.sequence !== sequence
      insist(!isElsewhere, () => `${id} is at ${sequence} and was stored elsewhere`)
    }
    const here = new Set(found.values())
    for (const [id, { fate }] of this.#entries.entries()) {
      if (here.has(id) || fate.kind === 'absent' || fate.kind === 'lost') continue
      if (fate.kind !== 'stored') {
        this.#entry(id).fate = { kind: 'absent' }
        continue
      }
      const { sequence } = fate
      insist(isExcused(sequence), () => `${id} was acknowledged at ${sequence} and is gone`)
      this.#entry(id).fate = { kind: 'lost' }
      this.#stored.delete(sequence)
    }
    this.#checkGroups(found, isExcused)
    for (const [sequence, id] of found) this.acknowledged(id, sequence)
  }

  /** What is stored, in order. */
  get stored(): ReadonlyMap<number, number> {
    return this.#stored
  }

  #entry(id: number): Entry {
    return this.#entries[id] as Entry
  }

  /** Records come in the order in which they were appended, each once. */
  #checkOrder(found: ReadonlyMap<number, number>): void {
    let [lastSequence, lastId] = [0, -1]
    for (const [sequence, id] of found) {
      insist(sequence > lastSequence && id > lastId, () => `${id} at ${sequence} follows ${lastId} at ${lastSequence}`)
      ;[lastSequence, lastId] = [sequence, id]
    }
  }

  /** What was appended in one call is there whole or not at all. */
  #checkGroups(found: ReadonlyMap<number, number>, isExcused: (sequence: number) => boolean): void {
    const groups = new Set([...found.values()].map(id => this.#entry(id).group))
    for (const [id, { group, fate }] of this.#entries.entries()) {
      const isTorn = groups.has(group) && fate.kind === 'absent'
      insist(!isTorn || isExcused(Number.POSITIVE_INFINITY), () => `${id} is missing from its batch`)
    }
  }
}

const kindOf = (id: number) => id & 0x7f
