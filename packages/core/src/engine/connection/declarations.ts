import type { SubscriptionSpec, TopicSpec } from '../../driver/spec.js'
import { PluribusError } from '../../errors/pluribus-error.js'
import { isReserved } from '../../model/reserved.js'
import type { Topic } from '../../model/topic.js'
import type { Emitter } from '../emitter.js'
import type { Generation } from './link.js'

/** What has been declared on which generation: everything is declared again on a new one, whose server may have been wiped. */
export class Declarations {
  readonly #emitter: Emitter
  readonly #declared = new Map<string, { readonly number: number; readonly spec: TopicSpec }>()

  constructor(emitter: Emitter) {
    this.#emitter = emitter
  }

  has(topic: string, generation: Generation): boolean {
    return this.#declared.get(topic)?.number === generation.number
  }

  /** Another topic value of the same name is declared too before anything is sent, so that a conflict shows. */
  compare(spec: TopicSpec): void {
    const declared = this.#declared.get(spec.name)?.spec
    if (declared !== undefined && declared !== spec && !isSame(declared, spec)) this.#declared.delete(spec.name)
  }

  /** Declares on the server. Rejects with the adapter's native error. */
  async declare(
    generation: Generation,
    topics: readonly TopicSpec[],
    subscriptions: readonly SubscriptionSpec[],
  ): Promise<void> {
    const { connection, watchdog, number } = generation
    const changes = await watchdog.watch('declare', connection.declare(topics, subscriptions))
    for (const spec of topics) this.#declared.set(spec.name, { number, spec })
    for (const change of changes) this.#emitter.emit('setting.changed', change)
  }
}

const isSame = (a: TopicSpec, b: TopicSpec): boolean =>
  a.partitions === b.partitions && a.retention.age === b.retention.age && a.retention.bytes === b.retention.bytes

/** The topics of one declaration, each once. Throws `CONFLICT` where one is given in two ways that cannot both be. */
export function distinctTopics(topics: readonly Topic<unknown>[]): readonly TopicSpec[] {
  const byName = new Map<string, TopicSpec>()
  for (const { name, spec } of topics) {
    const other = byName.get(name)
    if (other !== undefined && other.partitions !== spec.partitions) {
      const message = `${name} is declared with partitions: ${other.partitions} and with partitions: ${spec.partitions}. Keep one.`
      throw new PluribusError('CONFLICT', message, {
        outcome: 'definite',
        details: { topic: name, setting: 'partitions' },
      })
    }
    byName.set(name, spec)
  }
  return [...byName.values()]
}

/** The topics that the application publishes to: what a message belongs to, found by name while it waits to be sent. */
export class KnownTopics {
  readonly #declarations: Declarations
  readonly #topics = new Map<string, Topic<unknown>>()
  #last: Topic<unknown> | undefined
  #follower: () => void = () => {}

  constructor(declarations: Declarations) {
    this.#declarations = declarations
  }

  get names(): readonly string[] {
    return [...this.#topics.keys()]
  }

  /** Calls back when there is one more. */
  follow(follower: () => void): void {
    this.#follower = follower
  }

  /** Throws `INVALID_ARGUMENT` for a topic that only we publish to. */
  remember(topic: Topic<unknown>): void {
    if (topic === this.#last) return
    if (isReserved(topic.name)) throw ours(topic.name)
    this.#last = topic
    const isNew = !this.#topics.has(topic.name)
    this.#topics.set(topic.name, topic)
    this.#declarations.compare(topic.spec)
    if (isNew) this.#follower()
  }

  specOf(name: string): TopicSpec | undefined {
    return this.#topics.get(name)?.spec
  }
}

function ours(topic: string): PluribusError {
  const message = `${topic} is written by Pluribus alone. Read it, with history() or subscribe(), or publish to a topic of your own.`
  return new PluribusError('INVALID_ARGUMENT', message, { outcome: 'definite', details: { topic } })
}
