import type { Clock, TimerHandle, Timers } from '../../driver/environment.js'
import { SimLogError } from './sim-log-error.js'

/** How long a client waits for a reply that was lost, in milliseconds. */
export const REQUEST_TIMEOUT = 2_000

/** Time as one end of a link has it. */
export interface LinkTime {
  readonly clock: Clock
  readonly timers: Timers
}

/** What a link asks of its server. */
export interface LinkServer {
  readonly time: LinkTime
  /** Milliseconds that something takes to arrive. */
  latency(): number
  /** What happens to a call: it never arrives, its reply is lost, or neither. */
  fateOf(operation: string): 'request lost' | 'reply lost' | undefined
  /** Runs what arrives: at once, or when the server, which stands still, goes on. */
  whenAwake(run: () => void): void
  /** The link is over: whoever is at its other end forgets it. */
  forget(link: SimLink): void
}

/** One direction: what is sent arrives later, and in the order in which it was sent. */
class Line {
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #latency: () => number
  readonly #underWay = new Set<TimerHandle>()
  #last = 0

  constructor({ clock, timers }: LinkTime, latency: () => number) {
    this.#clock = clock
    this.#timers = timers
    this.#latency = latency
  }

  send(arrive: () => void): void {
    const now = this.#clock.monotonic()
    this.#last = Math.max(this.#last, now + this.#latency())
    const timer = this.#timers.setTimeout(() => {
      this.#underWay.delete(timer)
      arrive()
    }, this.#last - now)
    this.#underWay.add(timer)
  }

  /** What is under way never arrives. */
  cut(): void {
    for (const timer of this.#underWay) this.#timers.clearTimeout(timer)
    this.#underWay.clear()
  }
}

/**
 * A client's connection. What travels to the server runs on the server's timers, what travels to the client on the
 * client's own: a process whose timers have died hears nothing, says nothing, and is noticed by nobody until its session ends.
 */
export class SimLink {
  readonly #id: number
  readonly #server: LinkServer
  readonly #client: LinkTime
  readonly #lost: (cause: SimLogError) => void
  readonly #up: Line
  readonly #down: Line
  readonly #calls = new Set<(error: SimLogError) => void>()
  /** Of calls whose replies are lost. */
  readonly #expiries = new Set<TimerHandle>()
  #over: SimLogError | undefined
  /** Broken, and the client has not noticed yet. */
  #breaking: TimerHandle | undefined
  #named = 0

  /** @param lost Told once, when the link breaks; not when it is closed. */
  constructor(id: number, server: LinkServer, client: LinkTime, lost: (cause: SimLogError) => void) {
    this.#id = id
    this.#server = server
    this.#client = client
    this.#lost = lost
    this.#up = new Line(server.time, () => server.latency())
    this.#down = new Line(client, () => server.latency())
  }

  /** A name that nobody else on this server has been given. */
  unique(): string {
    return `${this.#id}.${++this.#named}`
  }

  /** Why nothing passes any more; undefined while something does. */
  get over(): SimLogError | undefined {
    return this.#over
  }

  get isOver(): boolean {
    return this.#over !== undefined
  }

  /** Asks the server something. What it throws is the answer too. */
  call<T>(operation: string, execute: () => T): Promise<T> {
    const over = this.#over
    if (over !== undefined) return Promise.reject(over)
    return new Promise<T>((resolve, reject) => {
      this.#calls.add(reject)
      const fate = this.#server.fateOf(operation)
      if (fate !== undefined) this.#expire(operation, reject)
      if (fate === 'request lost') return
      this.tell(() => {
        const answer = outcomeOf(execute)
        if (fate === 'reply lost') return
        this.push(() => {
          this.#calls.delete(reject)
          if ('error' in answer) reject(answer.error)
          else resolve(answer.value)
        })
      })
    })
  }

  /** Says something to the server, without an answer. */
  tell(execute: () => void): void {
    if (!this.#passes) return
    this.#up.send(() => {
      this.#server.whenAwake(() => {
        // It may have broken while the server stood still.
        if (this.#passes) execute()
      })
    })
  }

  /** The server says something to the client. `sent`: called at the server's end when it can say more. */
  push(arrive: () => void, sent?: () => void): void {
    if (!this.#passes) return
    this.#down.send(arrive)
    if (sent !== undefined) this.tell(sent)
  }

  /** The client hangs up. */
  close(): void {
    this.#end(new SimLogError('CLOSED', 'This link to the simulated log broker is closed.'))
  }

  /** The link breaks: everything under way is in doubt. The client notices a little later, and hears no answer until then. */
  break(why: string): void {
    if (this.#over !== undefined || this.#breaking !== undefined) return
    const cause = new SimLogError('LOST', `The link to the simulated log broker broke: ${why}.`)
    this.#breaking = this.#client.timers.setTimeout(() => {
      this.#end(cause)
      this.#lost(cause)
    }, this.#server.latency())
    this.#cut()
  }

  get #passes(): boolean {
    return this.#over === undefined && this.#breaking === undefined
  }

  #end(cause: SimLogError): void {
    if (this.#over !== undefined) return
    this.#over = cause
    this.#client.timers.clearTimeout(this.#breaking)
    for (const reject of this.#calls) reject(cause)
    this.#calls.clear()
    for (const timer of this.#expiries) this.#client.timers.clearTimeout(timer)
    this.#cut()
  }

  #cut(): void {
    this.#up.cut()
    this.#down.cut()
    this.#server.forget(this)
  }

  #expire(operation: string, reject: (error: SimLogError) => void): void {
    const timer = this.#client.timers.setTimeout(() => {
      this.#expiries.delete(timer)
      this.#calls.delete(reject)
      reject(new SimLogError('TIMEOUT', `No reply to "${operation}" within ${REQUEST_TIMEOUT} ms.`))
    }, REQUEST_TIMEOUT)
    this.#expiries.add(timer)
  }
}

function outcomeOf<T>(execute: () => T): { readonly value: T } | { readonly error: unknown } {
  try {
    return { value: execute() }
  } catch (error) {
    return { error }
  }
}
