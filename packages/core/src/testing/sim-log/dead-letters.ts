import type { DeadLetterQuery, RedriveResult, StoredDeadLetter } from '../../driver/persistence.js'
import type { SubscriptionName } from '../../driver/spec.js'
import type { SimLink } from '../sim-log-server/sim-link.js'
import type { SimLogServer } from '../sim-log-server/sim-log-server.js'
import type { StoredSimRecord } from '../sim-log-server/sim-partition.js'
import { encode } from './codec.js'
import { encodeClaim, encodeGone, type FoundDeadLetter, livingDeadLetters } from './dead-letter-record.js'
import { deadChannel, ownChannel } from './names.js'
import { readAll } from './read-all.js'

/** The dead-letter channels: what is dead is what was buried and is not marked as gone. */
export class DeadLetters {
  readonly #server: SimLogServer
  readonly #link: SimLink

  constructor(server: SimLogServer, link: SimLink) {
    this.#server = server
    this.#link = link
  }

  async list(query: DeadLetterQuery): Promise<readonly StoredDeadLetter[]> {
    const { found } = await this.#select(query)
    return found.map(({ letter }) => letter)
  }

  /** Copy first, mark as gone second: a crash between the two redrives twice, and loses nothing. */
  async redrive(query: DeadLetterQuery): Promise<RedriveResult> {
    const { found, missing } = await this.#claim(query)
    const own = ownChannel(query.subscription)
    await this.#link.call('append', () => {
      for (const { letter, origin } of found) {
        const carried = { origin: origin.position, failures: 0, errors: [], delay: 0 }
        this.#server.append(own, origin.index, [encode(letter.message, carried)])
      }
    })
    await this.#bury(query, found)
    return { redriven: found.length, missing }
  }

  async discard(query: DeadLetterQuery): Promise<number> {
    const { found } = await this.#claim(query)
    await this.#bury(query, found)
    return found.length
  }

  async #bury({ subscription }: DeadLetterQuery, found: readonly FoundDeadLetter[]): Promise<void> {
    if (found.length === 0) return
    const record = encodeGone(found.map(({ position }) => position))
    await this.#link.call('append', () => this.#server.append(deadChannel(subscription), 0, [record]))
  }

  /** A log has no compare-and-set: of several who claim the same at once, the first in the log has it. */
  async #claim(query: DeadLetterQuery) {
    const { found, missing } = await this.#select(query)
    if (found.length === 0) return { found, missing }
    const record = encodeClaim(found.map(({ position }) => position))
    const channel = deadChannel(query.subscription)
    const claim = await this.#link.call('append', () => this.#server.append(channel, 0, [record]))
    const ours = (await this.#living(query.subscription)).filter(dead => dead.claim?.position === claim)
    return { found: ours, missing }
  }

  async #living(subscription: SubscriptionName): Promise<readonly FoundDeadLetter[]> {
    const records: StoredSimRecord[] = []
    const channel = deadChannel(subscription)
    // It is declared first, and furnished second.
    const isThere = await this.#link.call('look', () => this.#server.channels.has(channel))
    if (!isThere) return []
    for await (const record of readAll(this.#server, this.#link, channel, 0, 0)) records.push(record)
    return livingDeadLetters(subscription, records)
  }

  async #select({ subscription, ids, limit }: DeadLetterQuery) {
    const all = await this.#living(subscription)
    if (ids === undefined) return { found: all.slice(0, limit), missing: [] }
    const wanted = new Set(ids)
    const found = all.filter(({ letter }) => wanted.has(letter.message.id))
    for (const { letter } of found) wanted.delete(letter.message.id)
    return { found: found.slice(0, limit), missing: [...wanted] }
  }
}
