import type { Broker } from '@pluribus/core'
import { Actor } from '../child/actor.js'
import { VirtualTime } from '../engine/virtual-time.js'
import type { BrokerControl } from '../hooks/broker-control.js'
import type { FaultProxy, Link } from '../hooks/fault-proxy.js'
import type { RawClient } from '../hooks/raw-client.js'
import { StoreFaults } from '../hooks/store-faults.js'
import type { HookName, Hooks } from '../target/hooks.js'
import { HOOKS } from '../target/hooks.js'
import type { Settings } from '../target/settings.js'
import type { Target } from '../target/target.js'
import type { Case } from './case.js'
import { Blocked } from './failure.js'
import type { Leadership } from './leadership.js'
import type { ChildOptions, OpenOptions } from './open-options.js'
import type { World } from './world.js'

/** What surrounds the target, for one case: as far as the case has said that it needs it. */
export class Surroundings {
  readonly #case: Case
  readonly #target: Target
  readonly #settings: Settings
  readonly #world: World
  readonly #proxy: FaultProxy | undefined
  readonly #children: Actor[] = []

  constructor(
    one: Case,
    target: Target,
    settings: Settings,
    of: { readonly world: World; readonly proxy: FaultProxy | undefined },
  ) {
    this.#case = one
    this.#target = target
    this.#settings = settings
    this.#world = of.world
    this.#proxy = of.proxy
  }

  get link(): Link {
    return this.#need('proxy', this.#proxy)
  }

  get broker(): BrokerControl {
    return this.#need('broker', this.#broker)
  }

  get leadership(): Leadership {
    const hook = this.#need('leader', this.#hooks.leader)
    return {
      timeout: hook.timeout,
      leader: async () => {
        const pid = await hook.find(this.#settings)
        return this.#children.find(child => child.pid === pid && !child.isOver)
      },
    }
  }

  jumpWall(ms: number): void {
    const { time } = this.#world
    this.#need('virtual-time', time instanceof VirtualTime ? time : undefined).jumpWall(ms)
  }

  async raw(): Promise<RawClient> {
    const open = this.#need('raw', this.#hooks.raw)
    const raw = await open.call(this.#hooks, this.#settings, this.#world.time.server)
    this.#world.closing('the raw client', () => raw.close())
    const { history } = this.#world
    return {
      inject(topic, message) {
        history.add('foreign', { kind: 'inject', topic })
        return raw.inject(topic, message)
      },
      read: topic => raw.read(topic),
      close: () => raw.close(),
    }
  }

  async child({ lease = this.#target.timing.lease }: ChildOptions = {}): Promise<Actor> {
    const module = this.#need('children', this.#hooks.module)
    const { history } = this.#world
    const { process, instance } = this.#world.identify()
    const actor = new Actor(
      { module, settings: this.#settings, process, instance, lease },
      {
        event: event => history.absorb(process, event),
        died: known => void history.add('suite', { kind: 'died', who: process, known }),
        changed: () => history.touch(),
      },
    )
    this.#children.push(actor)
    this.#world.closing(process, () => actor.kill())
    return actor
  }

  async openOnFailingStore(options: OpenOptions = {}): Promise<readonly [Broker, StoreFaults]> {
    const open = this.#need('store', this.#hooks.failingStore)
    const faults = new StoreFaults()
    const adapter = await open.call(this.#hooks, this.#settings, faults, this.#world.time.server)
    return [await this.#world.openOn(adapter, options), faults]
  }

  /** Ends every fault, so that the case can be closed and looked at. */
  async heal(): Promise<void> {
    await this.#proxy?.restore()
    if (this.#case.hooks?.includes('broker') !== true) return
    await this.#broker?.resume()
    await this.#broker?.start()
  }

  get #broker(): BrokerControl | undefined {
    const { broker } = this.#hooks
    return typeof broker === 'function' ? broker(this.#settings) : broker
  }

  get #hooks(): Hooks {
    return this.#target.hooks ?? {}
  }

  #need<T>(name: HookName, hook: T | undefined): T {
    if (this.#case.hooks?.includes(name) !== true)
      throw new TypeError(`${this.#case.id} uses the hook ${name} and does not list it.`)
    if (hook === undefined) throw new Blocked(`needs ${HOOKS[name]}`)
    return hook
  }
}
