import { PluribusError } from '../../errors/pluribus-error.js'
import type { SubscribeOptions } from '../../model/broker.js'
import type { Handler } from '../../model/handler.js'
import type { RunningSubscription } from '../../model/journal.js'
import type { Subscription } from '../../model/topic.js'
import { settingsOf } from '../arguments.js'
import { CLOSE_STEP, type Deadline } from '../deadline.js'
import { composeHandle, type HandleMiddleware } from '../middleware.js'
import { within } from '../within.js'
import { Consumer } from './consumer.js'
import type { ConsumerParts, ConsumerTask, Invoke } from './consumer-parts.js'
import { validateThen } from './validate-then.js'

interface Entry {
  readonly handler: Handler<never>
  readonly consumer: Consumer
  readonly opened: Promise<Consumer>
}

/** Where it starts was decided once, and is no part of what is compared. */
const isSamePolicy = (a: Subscription<unknown>, b: Subscription<unknown>): boolean =>
  a === b || policyOf(a) === policyOf(b)

const policyOf = ({ spec, topic }: Subscription<unknown>): string =>
  JSON.stringify([{ ...spec, from: undefined }, topic.spec.partitions])

/** The consumers of one broker: at most one for each subscription. */
export class Consumers {
  readonly #parts: ConsumerParts
  readonly #middleware: readonly HandleMiddleware[]
  readonly #entries = new Map<string, Entry>()
  #ids = 0

  constructor(parts: ConsumerParts, middleware: readonly HandleMiddleware[]) {
    this.#parts = parts
    this.#middleware = middleware
  }

  /** Opens a consumer; the same handler again gets the same one, another handler is a `CONFLICT`. */
  subscribe(
    subscription: Subscription<unknown>,
    handler: Handler<never>,
    options: SubscribeOptions = {},
  ): Promise<Consumer> {
    const task = this.#taskOf(subscription, handler, options)
    const name = `${subscription.spec.topic}/${subscription.spec.name}`
    const known = this.#entries.get(name)
    if (known !== undefined && known.consumer.state !== 'closed') {
      const { task: present } = known.consumer
      const isSame =
        isSamePolicy(present.subscription, subscription) &&
        present.concurrency === task.concurrency &&
        present.prefetch === task.prefetch
      if (known.handler === handler && isSame) return known.opened
      const differs = isSame ? 'has another handler' : 'is consumed with other settings'
      const message = `${name} ${differs} in this process. Close its consumer first, or use a subscription of another name.`
      return Promise.reject(new PluribusError('CONFLICT', message, { details: { subscription: name } }))
    }
    const consumer = new Consumer(this.#parts, task)
    const opened = consumer.open().then(
      () => consumer,
      async error => {
        await consumer.close({ drain: 0 })
        throw error
      },
    )
    this.#entries.set(name, { handler, consumer, opened })
    return opened
  }

  /** What is consumed here, whether or not there is a source just now. */
  running(): readonly RunningSubscription[] {
    return [...this.#entries.values()].flatMap(({ consumer: { topic, subscription: name, state, task } }) =>
      state === 'closed' ? [] : { topic, name, state, concurrency: task.concurrency, prefetch: task.prefetch },
    )
  }

  /** `deadline` is theirs; one that was closing already, and takes longer, is waited for one step more. */
  async closeAll(drain: number, deadline: Deadline): Promise<void> {
    const { timers } = this.#parts.environment
    const closed = Promise.all([...this.#entries.values()].map(({ consumer }) => consumer.closeBy(drain, deadline)))
    await within(timers, closed, deadline.left(Number.POSITIVE_INFINITY) + CLOSE_STEP, () => undefined)
    this.#entries.clear()
  }

  #taskOf(subscription: Subscription<unknown>, handler: Handler<never>, options: SubscribeOptions): ConsumerTask {
    const { schema, name } = subscription.topic
    const composed: Invoke = composeHandle(this.#middleware, handler)
    return {
      id: ++this.#ids,
      subscription,
      handler,
      invoke: schema === undefined ? composed : validateThen(schema, name, composed),
      ...settingsOf(options),
    }
  }
}
