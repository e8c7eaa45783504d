import type {
  DeadLetterQuery,
  Lifetime,
  Persistence,
  RedriveResult,
  Start,
  StoredDeadLetter,
  StoredMessage,
  SubscriptionCounts,
  SubscriptionName,
  SubscriptionSpec,
  TopicSpec,
} from '@pluribus/core/driver'
import { readMessage } from './codec.js'
import type { After, FolderLink } from './folder.js'
import { read } from './format/records.js'

/** Reads and changes what outlives a delivery. */
export class FilePersistence implements Persistence {
  readonly #link: FolderLink
  readonly #lifetime: Lifetime

  constructor(link: FolderLink, lifetime: Lifetime) {
    this.#link = link
    this.#lifetime = lifetime
  }

  async topics(): Promise<readonly TopicSpec[]> {
    return this.#open('topics').topics()
  }

  async subscriptions(topic?: string): Promise<readonly SubscriptionSpec[]> {
    return this.#open('subscriptions').subscriptions(topic)
  }

  async *history(topic: string, range: { readonly from: Start }): AsyncGenerator<StoredMessage, void, undefined> {
    let from: Start | After = range.from
    for (;;) {
      const page = await this.#open('history').history(topic, from)
      if (page.length === 0) return
      for (const { bytes } of page) {
        yield readMessage(topic, bytes)
        this.#lifetime.check('history')
      }
      from = { after: page.at(-1)?.position ?? 0 }
    }
  }

  async find(topic: string, id: string): Promise<StoredMessage | undefined> {
    const bytes = await this.#open('find').find(topic, id)
    return bytes && readMessage(topic, bytes)
  }

  async trim(topic: string, before: number): Promise<number> {
    return this.#open('trim').trim(topic, before)
  }

  async *deadLetters(query: DeadLetterQuery): AsyncGenerator<StoredDeadLetter, void, undefined> {
    const { topic, name } = query.subscription
    let left = query.limit ?? Number.POSITIVE_INFINITY
    let after = 0
    while (left > 0) {
      const limit = Math.min(left, Number.MAX_SAFE_INTEGER)
      const page = await this.#open('deadLetters').deadLetters({ ...query, limit }, after)
      if (page.length === 0) return
      left -= page.length
      for (const { number, message, death } of page) {
        after = number
        const { reason, errors, attempts, losses, time } = read.dead(death)
        const found = { reason, errors, attempts, losses, time }
        yield { message: readMessage(topic, message), subscription: { topic, name }, ...found }
        this.#lifetime.check('deadLetters')
      }
    }
  }

  async redrive(query: DeadLetterQuery): Promise<RedriveResult> {
    return this.#open('redrive').redrive(query)
  }

  async discard(query: DeadLetterQuery): Promise<number> {
    return this.#open('discard').discard(query)
  }

  async counts(subscription: SubscriptionName): Promise<SubscriptionCounts> {
    return this.#open('counts').counts(subscription)
  }

  #open(what: string): FolderLink {
    this.#lifetime.check(what)
    return this.#link
  }
}
