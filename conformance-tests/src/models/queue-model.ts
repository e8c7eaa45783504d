import type { CountField, Discipline } from '@pluribus/core/driver'

/** Where a message of the model is. */
export type ModelState = 'scheduled' | 'ready' | 'leased' | 'retrying' | 'dead' | 'gone'

/** A message as a subscription of the model keeps it. */
export interface ModelMessage {
  readonly id: string
  readonly key: string | undefined
  readonly priority: number
  state: ModelState
  place: number
  /** Of what is scheduled or retrying. */
  due: number
  attempt: number
  /** Who holds it. */
  holder: number
  /** When it died, as a number that grows. */
  death: number
}

/**
 * What a subscription owes, in the simplest words: it keeps all messages in a list, and looks at all of them each time.
 * Leases never end, and time passes only when it is told.
 */
export class QueueModel {
  readonly messages: ModelMessage[] = []
  readonly #discipline: Discipline
  #now = 0
  #places = 0
  #deaths = 0

  constructor(discipline: Discipline) {
    this.#discipline = discipline
  }

  publish(id: string, key: string | undefined, priority: number, delay: number): void {
    const base = { id, key, priority, attempt: 1, holder: -1, death: 0 }
    if (delay === 0) this.messages.push({ ...base, state: 'ready', place: ++this.#places, due: 0 })
    else this.messages.push({ ...base, state: 'scheduled', place: 0, due: this.#now + delay })
  }

  /** Time passes; what comes due takes its place in the order of the due times. */
  pass(ms: number): void {
    this.#now += ms
    const due = this.messages.filter(message => this.#isWaitingForTime(message) && message.due <= this.#now)
    for (const message of due.toSorted((a, b) => a.due - b.due)) {
      if (message.state === 'scheduled') message.place = ++this.#places
      message.state = 'ready'
    }
  }

  /** The next ones, in order; they are the holder's from now on. */
  take(holder: number, max: number): readonly ModelMessage[] {
    const taken: ModelMessage[] = []
    while (taken.length < max) {
      const [next] = this.messages.filter(message => this.#mayGo(message)).sort((a, b) => this.#compare(a, b))
      if (next === undefined) break
      next.state = 'leased'
      next.holder = holder
      taken.push(next)
    }
    return taken
  }

  ack(message: ModelMessage): void {
    message.state = 'gone'
  }

  release(message: ModelMessage): void {
    message.state = 'ready'
  }

  retry(message: ModelMessage, delay: number): void {
    message.attempt++
    message.state = delay === 0 ? 'ready' : 'retrying'
    message.due = this.#now + delay
  }

  reject(message: ModelMessage): void {
    message.state = 'dead'
    message.death = ++this.#deaths
  }

  /** A consumer ends, and gives back what it holds. */
  close(holder: number): void {
    for (const message of this.messages)
      if (message.state === 'leased' && message.holder === holder) this.release(message)
  }

  /** In the order in which they died. */
  get dead(): readonly ModelMessage[] {
    return this.messages.filter(({ state }) => state === 'dead').sort((a, b) => a.death - b.death)
  }

  /** All dead letters go to the tail, with everything forgotten. */
  redrive(): void {
    for (const message of this.dead) Object.assign(message, { state: 'ready', attempt: 1, place: ++this.#places })
  }

  count(field: CountField): number {
    const state = field === 'waiting' ? 'ready' : field
    return this.messages.filter(message => message.state === state).length
  }

  #isWaitingForTime = ({ state }: ModelMessage): boolean => state === 'scheduled' || state === 'retrying'

  /** A key is closed by whatever is unfinished in it and stands before; and by whatever of it is held. */
  #mayGo({ state, key, place }: ModelMessage): boolean {
    if (state !== 'ready') return false
    if (key === undefined) return true
    return !this.messages.some(
      other =>
        other.key === key &&
        (other.state === 'leased' || ((other.state === 'ready' || other.state === 'retrying') && other.place < place)),
    )
  }

  #compare(a: ModelMessage, b: ModelMessage): number {
    const { kind, levels } = this.#discipline
    if (kind === 'lifo') return b.place - a.place
    const band = ({ priority }: ModelMessage) => (kind === 'priority' ? Math.min(priority, levels - 1) : 0)
    return band(b) - band(a) || a.place - b.place
  }
}
