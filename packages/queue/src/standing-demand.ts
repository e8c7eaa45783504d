/** What one consumer still wants. */
export class Sleeper {
  /** Deliveries that its last claim left unfilled; 0 while it is awake. Written by {@link StandingDemand} alone. */
  wants = 0
  /** When it claims again by itself, by the queue's clock; Infinity for never. */
  until = Number.POSITIVE_INFINITY
  readonly wake: () => void

  constructor(wake: () => void) {
    this.wake = wake
  }
}

/**
 * The consumers of a queue that wait for something to claim.
 *
 * A sleeper is woken once, and then is awake until its next claim. Two rules keep a message from being forgotten:
 * whatever makes a message ready wakes a sleeper, and whoever is woken wakes the next one if it leaves something; and
 * nobody sleeps beyond the time at which something becomes due, so that any of them may go away.
 */
export class StandingDemand {
  readonly #sleepers: Sleeper[] = []
  /** Whose turn it is. */
  #turn = 0
  #asleep = 0

  /** Those that wait. */
  get asleep(): number {
    return this.#asleep
  }

  join(sleeper: Sleeper): void {
    this.#sleepers.push(sleeper)
  }

  leave(sleeper: Sleeper): void {
    const index = this.#sleepers.indexOf(sleeper)
    if (index < 0) return
    this.#rouse(sleeper)
    this.#sleepers.splice(index, 1)
    if (index < this.#turn) this.#turn--
  }

  /** One has claimed, and wants as many more; 0 for none. */
  sleep(sleeper: Sleeper, wants: number, until: number): void {
    this.#rouse(sleeper)
    sleeper.until = until
    if (wants === 0) return
    sleeper.wants = wants
    this.#asleep++
  }

  /** About `count` messages have become ready: wakes those that want as many together, one after the other. */
  wake(count: number): void {
    const sleepers = this.#sleepers
    let left = count
    for (let tries = sleepers.length; tries > 0 && left > 0 && this.#asleep > 0; tries--) {
      if (this.#turn >= sleepers.length) this.#turn = 0
      const sleeper = sleepers[this.#turn++]
      if (sleeper === undefined || sleeper.wants === 0) continue
      left -= sleeper.wants
      this.#rouse(sleeper)
      sleeper.wake()
    }
  }

  /** Something becomes due at a time: wakes whoever would sleep longer. */
  due(time: number): void {
    for (let index = 0; index < this.#sleepers.length; index++) {
      const sleeper = this.#sleepers[index] as Sleeper
      if (sleeper.wants === 0 || sleeper.until <= time) continue
      this.#rouse(sleeper)
      sleeper.wake()
    }
  }

  #rouse(sleeper: Sleeper): void {
    if (sleeper.wants > 0) this.#asleep--
    sleeper.wants = 0
  }
}
