import type { SubscriptionName } from '@pluribus/core/driver'
import { bareHeaders } from './codec.js'
import { WRONG_LAST_SEQUENCE } from './errors.js'
import type { Link } from './link.js'
import type { Entry } from './outlet.js'

/** What a server (2.9) says of when a consumer was made is another time after its next start, by less than that, in milliseconds. */
const SAME = 1_000

/** What is stored of it. */
interface Noted {
  /** The first position that may not be handled. */
  readonly next: number
  /** When the consumer was made that has said so, in the server's words: of another one of that name it says nothing. */
  readonly made: string
  /** Somebody makes that consumer anew, which has forgotten everything: what it says is what it says after the server's start. */
  readonly isClaimed?: boolean
}

/** What was found of it. */
export interface FoundFloor extends Noted {
  /** What the next write of it expects to be there. */
  readonly revision: number
}

/** Whether what was found is about the consumer that was made then. */
export const isAbout = ({ made, isClaimed }: FoundFloor, other: string): boolean =>
  isClaimed === true ? made === other : Math.abs(Date.parse(made) - Date.parse(other)) < SAME

/**
 * Up to where everything of a subscription is handled, as its consumer says now and then. A server (2.9) that is killed in the moment
 * in which it writes what it knows of a consumer finds an empty file when it is started, and begins from the consumer's
 * first message: then it is told by this where to go on.
 */
export class Floor {
  readonly #link: Link
  readonly #subscription: SubscriptionName
  #noted = 0

  constructor(link: Link, subscription: SubscriptionName) {
    this.#link = link
    this.#subscription = subscription
  }

  async find(): Promise<FoundFloor | undefined> {
    const { manager, names } = this.#link
    const subject = names.floor(this.#subscription)
    const found = await manager.direct.getMessage(names.state(this.#subscription.topic), { last_by_subj: subject })
    if (found === null) return undefined
    const noted: Noted = JSON.parse(Buffer.from(found.data).toString())
    return { ...noted, revision: found.seq }
  }

  /** Everything below a position is handled, says the consumer that was made then. */
  async note(next: number, made: string): Promise<void> {
    if (next <= this.#noted) return
    const { unstored } = await this.#link.appender.append([this.#entry({ next, made }, undefined)])
    const error = unstored[0]?.error
    if (error !== undefined) throw error
    this.#noted = next
  }

  /** Answers whether it is for us to make the consumer anew that says so now: of those who have found this there it is for one. */
  async claim({ next, revision }: FoundFloor, made: string): Promise<boolean> {
    const { unstored } = await this.#link.appender.append([this.#entry({ next, made, isClaimed: true }, revision)])
    const error = unstored[0]?.error
    if (error !== undefined && error.code !== WRONG_LAST_SEQUENCE) throw error
    return error === undefined
  }

  #entry(noted: Noted, after: number | undefined): Entry {
    const subject = this.#link.names.floor(this.#subscription)
    return { subject, headers: bareHeaders(after === undefined ? {} : { after }), payload: JSON.stringify(noted) }
  }
}
