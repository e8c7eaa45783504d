import type {
  Delivery,
  OpenOptions,
  Pulled,
  Settled,
  SettleException,
  Source,
  SubscriptionName,
  Token,
} from '@pluribus/core/driver'
import { sourceLike } from './decorate.js'
import { digestOf } from './digest.js'
import type { SettleKind, SettleResult } from './event.js'
import type { OpenSource, Recording } from './recording.js'

/** By which pull it came, and how long before that its lease had begun, in milliseconds. */
interface Waited {
  readonly asked: number
  readonly waited: number
}

/** One source's part of a history. */
export class RecordedSource implements OpenSource {
  readonly #subscription: SubscriptionName
  readonly #recording: Recording
  readonly #number: number
  /** Deliveries by their token: the latest, should a broker use one twice. */
  readonly #deliveries = new Map<Token, number>()
  #pulling = 0
  #over = false

  constructor(subscription: SubscriptionName, recording: Recording) {
    this.#subscription = { topic: subscription.topic, name: subscription.name }
    this.#recording = recording
    this.#number = recording.history.number()
    recording.sources.add(this)
  }

  follow(inner: Source, { lease, window, consumer }: OpenOptions): Source {
    const { topic, name } = this.#subscription
    // Where nothing is renewed there is no lease: only the source's own end, or a revocation, takes deliveries away.
    const leased = inner.renew === undefined ? undefined : lease
    this.#add({
      kind: 'open',
      source: this.#number,
      topic,
      subscription: name,
      lease: leased,
      window,
      consumer: consumer?.id,
    })
    const { renew } = inner
    return sourceLike(inner, {
      pull: max => this.#pull(inner, max),
      mark: async delivery => {
        await inner.mark(delivery)
        this.#add({ kind: 'mark', delivery: this.#known(delivery.token) })
      },
      settle: settled => this.#settle(inner, settled),
      ...(renew === undefined ? {} : { renew: batch => this.#renew(batch, () => renew.call(inner, batch)) }),
      close: () => {
        this.over('closed')
        return inner.close()
      },
    })
  }

  lost(tokens: readonly Token[]): void {
    this.#add({ kind: 'lost', source: this.#number, deliveries: tokens.map(token => this.#known(token)) })
  }

  over(why: 'closed' | 'ended' | 'lost'): void {
    if (this.#over) return
    this.#over = true
    this.#recording.sources.delete(this)
    this.#add({ kind: 'end', source: this.#number, why, unanswered: this.#pulling > 0 })
  }

  async #pull(inner: Source, max: number): Promise<Pulled> {
    const asked = this.#add({ kind: 'pull', source: this.#number, max })
    const began = this.#recording.clock?.monotonic()
    this.#pulling++
    try {
      const pulled = await inner.pull(max)
      // What arrives after the end was given to nobody, and nobody holds it: the end says that a pull was under way.
      if (this.#over) return pulled
      const waited = began === undefined || pulled.since === undefined ? 0 : began - pulled.since
      for (const delivery of pulled.deliveries) this.#deliver(delivery, { asked, waited })
      return pulled
    } finally {
      this.#pulling--
    }
  }

  #deliver({ message, token, attempt, losses, marks }: Delivery, { asked, waited }: Waited): void {
    const number = this.#recording.history.number()
    this.#deliveries.set(token, number)
    const { id, key, priority } = message
    const { topic, name: subscription } = this.#subscription
    const digest = digestOf(message)
    const about = { id, key, priority, digest, attempt, losses, marks, ...(waited > 0 ? { waited } : {}) }
    this.#add({ kind: 'deliver', source: this.#number, delivery: number, asked, topic, subscription, ...about })
  }

  async #settle(inner: Source, settled: Settled): Promise<readonly SettleException[]> {
    const all: { token: Token; as: SettleKind }[] = settled.acks.map(token => ({ token, as: 'ack' }))
    for (const token of settled.acks) this.#add({ kind: 'settle', delivery: this.#known(token), as: 'ack' })
    for (const settlement of settled.others) {
      const { token, kind: as } = settlement
      all.push({ token, as })
      const more =
        settlement.kind === 'retry'
          ? { delay: settlement.delay }
          : settlement.kind === 'reject'
            ? { reason: settlement.reason }
            : {}
      this.#add({ kind: 'settle', delivery: this.#known(token), as, ...more })
    }
    const answered = (resultOf: (token: Token) => SettleResult) => {
      for (const { token, as } of all) {
        this.#add({ kind: 'settled', delivery: this.#known(token), as, result: resultOf(token) })
      }
    }
    try {
      const exceptions = await inner.settle(settled)
      const results = new Map(exceptions.map(({ token, kind }) => [token, kind]))
      answered(token => results.get(token) ?? 'done')
      return exceptions
    } catch (error) {
      answered(() => 'unknown')
      throw error
    }
  }

  async #renew(batch: readonly Delivery[], renew: () => Promise<readonly Token[]>): Promise<readonly Token[]> {
    const asked = this.#recording.history.events.length
    const lost = await renew()
    const gone = new Set(lost)
    const kept = batch.filter(({ token }) => !gone.has(token)).map(({ token }) => this.#known(token))
    if (kept.length > 0) this.#add({ kind: 'renewed', asked, deliveries: kept })
    if (lost.length > 0) this.lost(lost)
    return lost
  }

  /** 0 for a token that this source has never given. */
  #known(token: Token): number {
    return this.#deliveries.get(token) ?? 0
  }

  #add(fact: Parameters<Recording['history']['add']>[1]): number {
    return this.#recording.history.add(this.#recording.process, fact)
  }
}
