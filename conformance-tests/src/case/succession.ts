import type { Broker, SubscribeOptions, Subscription } from '@pluribus/core'
import type { UnreliableAdapter } from '@pluribus/core/testing'
import { never } from './behaviour.js'
import { bury } from './broken-link.js'
import type { Collector } from './collector.js'
import type { CaseContext } from './context.js'
import { Failure } from './failure.js'
import { needsDeath } from './leases.js'
import type { Sample } from './sample.js'

/** What a {@link Succession} is about. */
export interface SuccessionInit {
  readonly subscription: Subscription<Sample>
  /** What was published to it. */
  readonly ids: readonly string[]
  /** The messages that end the process that runs them. */
  readonly killers: readonly string[]
  /** Deaths after which it is given up. */
  readonly most: number
  readonly options?: SubscribeOptions
}

/** One process after the other works until nothing is left; whoever runs a killer dies of it, and gives nothing back. */
export class Succession {
  readonly #it: CaseContext
  readonly #init: SuccessionInit
  /** The message that each process has died of. */
  readonly kills: string[] = []
  readonly collectors: Collector[] = []
  /** Known to be acked or dead. */
  readonly finished = new Set<string>()
  /** Ran in a process that died before it was told whether they are acked. */
  readonly inDoubt = new Set<string>()

  constructor(it: CaseContext, init: SuccessionInit) {
    this.#it = it
    this.#init = init
  }

  async run(): Promise<void> {
    const { killers, most } = this.#init
    const { lease, redeliver } = this.#it.timing
    while (!this.#isOver) {
      if (this.kills.length > most) throw new Failure(`the killers go on killing: ${this.kills.join(', ')}`)
      await this.#takeOver()
    }
    // What is in doubt is acked, or comes when the leases of the dead are over.
    if (this.inDoubt.size > killers.length) await this.#it.elapse(lease + redeliver)
  }

  get #isOver(): boolean {
    const { ids, killers } = this.#init
    return ids.every(id => this.finished.has(id) || (this.inDoubt.has(id) && !killers.includes(id)))
  }

  async #takeOver(): Promise<void> {
    const { arrive, lease, redeliver, recover } = this.#it.timing
    const [broker, adapter] = await this.#it.openBreakable()
    const collector = await this.#collect(broker, adapter)
    this.collectors.push(collector)
    needsDeath(this.#it)
    const what = `everything to be acked or dead, or another process to die, after ${this.kills.length} deaths`
    // A broker may still wake those that are dead: what nobody is woken for is found as after an outage.
    const within = 3 * arrive + lease + redeliver + recover
    await this.#it.until(() => adapter.killed || this.#isOver, { within, what })
    if (!adapter.killed) return
    await bury(this.#it, broker, adapter)
    for (const id of collector.ids) if (!this.finished.has(id)) this.inDoubt.add(id)
  }

  #collect(broker: Broker, adapter: UnreliableAdapter): Promise<Collector> {
    const { subscription, killers, options } = this.#init
    for (const end of ['delivery.acked', 'delivery.dead'] as const) {
      broker.on(end, ({ id }) => void this.finished.add(id))
    }
    const handler = ({ id }: { readonly id: string }) => {
      if (!killers.includes(id)) return undefined
      this.kills.push(id)
      adapter.kill()
      return never
    }
    return this.#it.collect(broker, subscription, handler, options)
  }
}
