import type { Capabilities } from '../driver/capabilities.js'
import type { OutgoingMessage } from '../driver/message.js'
import type { Lane, PublishException, Publisher } from '../driver/publisher.js'
import type { Generation } from './generation.js'

/** The publisher of an unreliable connection; `publishSequenced` and `position` as far as the capabilities still claim them. */
export class UnreliablePublisher implements Publisher {
  readonly publishSequenced?: (lane: Lane, first: number, batch: readonly OutgoingMessage[]) => Promise<number>
  readonly position?: (lane: Lane) => Promise<number>
  readonly #inner: Publisher
  readonly #generation: Generation

  constructor(inner: Publisher, generation: Generation, sequenced: Capabilities['sequenced']) {
    this.#inner = inner
    this.#generation = generation
    const publish = sequenced === 'stored' ? inner.publishSequenced?.bind(inner) : undefined
    const position = sequenced === 'none' ? undefined : inner.position?.bind(inner)
    if (publish) this.publishSequenced = (...of) => generation.call('publishSequenced', () => publish(...of))
    if (position) this.position = lane => generation.call('position', () => position(lane))
  }

  get window(): number {
    return this.#inner.window
  }

  /** Where several batches may be in flight, an injected failure cuts: those behind a failed batch have to fail too. */
  publish(batch: readonly OutgoingMessage[]): Promise<readonly PublishException[]> {
    const execute = () => (this.#generation.plan.spoilsMessages ? this.#publishSome(batch) : this.#publishInside(batch))
    return this.#generation.call('publish', execute, { target: this, failureCuts: this.window > 1 })
  }

  async #publishSome(batch: readonly OutgoingMessage[]): Promise<readonly PublishException[]> {
    const spoilt = new Map<number, PublishException>()
    const kept: number[] = []
    for (const [index, message] of batch.entries()) {
      const rule = this.#generation.plan.messageFault(message)
      if (rule) spoilt.set(index, { index, kind: 'failed', outcome: rule.outcome, error: rule.error })
      if (!rule || rule.stored) kept.push(index)
    }
    const inside = kept.map(index => batch[index] as OutgoingMessage)
    const exceptions = inside.length === 0 ? [] : await this.#publishInside(inside)
    const moved = exceptions.map(exception => ({ ...exception, index: kept[exception.index] as number }))
    return [...spoilt.values(), ...moved.filter(({ index }) => !spoilt.has(index))].sort((a, b) => a.index - b.index)
  }

  #publishInside(batch: readonly OutgoingMessage[]): Promise<readonly PublishException[]> {
    this.#generation.plan.publishedMessages += batch.length
    return this.#inner.publish(batch)
  }
}
