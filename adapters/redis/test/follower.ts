import type { Connection, Delivery, Pulled, Source } from '@pluribus/core/driver'
import { spec } from './kit.js'

/** What one does in place of core. */
export interface Following {
  readonly lease?: number
  readonly window?: number
  /** Does not pull when it is woken. */
  readonly isIdle?: boolean
}

/** A source that is pulled as core does it: when it is woken, in the same turn, one pull at a time, until one comes short. */
export class Follower {
  readonly seen: Delivery[] = []
  /** What each pull has brought. */
  readonly pulls: Pulled[] = []
  wakes = 0
  /** Why it pulls no more. */
  failure: unknown
  isIdle: boolean
  readonly #window: number
  #source: Source | undefined
  #pulling: Promise<void> | undefined
  #isWoken = false

  private constructor({ window = 100, isIdle = false }: Following) {
    this.#window = window
    this.isIdle = isIdle
  }

  /** Resolves when its first pull has come short. */
  static async open(connection: Connection, name = 'billing', following: Following = {}): Promise<Follower> {
    const follower = new Follower(following)
    const { lease = 30_000, window = 100 } = following
    const wake = () => follower.#woken()
    follower.#source = await connection.subscriber.open(spec(name), { window, lease }, { wake, lost() {}, ended() {} })
    follower.#pulling = follower.#pull()
    await follower.#pulling
    return follower
  }

  get source(): Source {
    if (this.#source === undefined) throw new Error('It has not been opened.')
    return this.#source
  }

  /** Ids in the order in which they came. */
  get ids(): readonly string[] {
    if (this.failure !== undefined) throw this.failure
    return this.seen.map(({ message }) => message.id)
  }

  #woken(): void {
    this.wakes++
    if (this.isIdle) return
    if (this.#pulling !== undefined) this.#isWoken = true
    else this.#pulling = this.#pull().catch(error => this.#failed(error))
  }

  #failed(error: unknown): void {
    this.failure = error
  }

  async #pull(): Promise<void> {
    for (;;) {
      this.#isWoken = false
      const pulled = await this.source.pull(this.#window)
      this.pulls.push(pulled)
      this.seen.push(...pulled.deliveries)
      const isShort = pulled.deliveries.length < this.#window && pulled.more !== true
      if (isShort && !this.#isWoken) break
    }
    this.#pulling = undefined
  }
}
