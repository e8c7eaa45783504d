import type { Msg, NatsConnection } from '@nats-io/transport-node'
import type { Handle } from '../../subject.ts'
import { CONSUMER, STREAM } from './stream.ts'

/** Messages a pull; while the one is handled the next is on its way. */
const BATCH = 256
const PULLS = 2
const NEXT = `$JS.API.CONSUMER.MSG.NEXT.${STREAM}.${CONSUMER}`
/** Nanoseconds after which the server gives a pull up. */
const REQUEST = JSON.stringify({ batch: BATCH, expires: 30_000_000_000 })
/** An empty answer is an acknowledgement. */
const ACK = new Uint8Array()
const NAK = new TextEncoder().encode('-NAK')

/** One of the pulls that are always open. */
interface Pull {
  readonly inbox: string
  /** How many of it have not been settled yet. */
  left: number
}

/**
 * Pulls by hand: two requests are always open, each renewed when all of it is settled, so that at most 512 are in flight. What
 * `consume()` of the client does beside that (iterators, heartbeats, a promise a message) takes more than half of the time.
 */
export class Pulls {
  readonly #connection: NatsConnection
  readonly #handle: Handle
  readonly #held: (() => void)[] = []
  #isPaused = false

  constructor(connection: NatsConnection, handle: Handle, inbox: string) {
    this.#connection = connection
    this.#handle = handle
    for (let n = 0; n < PULLS; n++) this.#open({ inbox: `${inbox}.${n}`, left: 0 })
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    for (const run of this.#held.splice(0)) run()
  }

  #open(pull: Pull): void {
    this.#connection.subscribe(pull.inbox, { callback: (_error, message) => this.#came(pull, message) })
    this.#ask(pull)
  }

  #ask(pull: Pull): void {
    pull.left = BATCH
    this.#connection.publish(NEXT, REQUEST, { reply: pull.inbox })
  }

  #came(pull: Pull, message: Msg): void {
    const { reply, data } = message
    // A status, not a message: the pull is over, and what it has brought is settled or comes again.
    if (!reply) this.#ask(pull)
    else if (this.#isPaused) this.#held.push(() => this.#run(pull, data, reply))
    else this.#run(pull, data, reply)
  }

  #run(pull: Pull, data: Uint8Array, reply: string): void {
    try {
      const running = this.#handle(data)
      if (running === undefined) this.#settle(pull, reply, ACK)
      else this.#follow(running, pull, reply)
    } catch {
      this.#settle(pull, reply, NAK)
    }
  }

  #follow(running: Promise<void>, pull: Pull, reply: string): void {
    running.then(
      () => this.#settle(pull, reply, ACK),
      () => this.#settle(pull, reply, NAK),
    )
  }

  #settle(pull: Pull, reply: string, verdict: Uint8Array): void {
    this.#connection.publish(reply, verdict)
    if (--pull.left === 0) this.#ask(pull)
  }
}
