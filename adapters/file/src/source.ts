import {
  type Delivery,
  type Lifetime,
  NO_EXCEPTIONS,
  NOTHING_PULLED,
  type Pulled,
  type Settled,
  type SettleException,
  type Source,
  SUSPECT_AFTER,
  type Token,
} from '@pluribus/core/driver'
import { readMessage } from './codec.js'
import type { Farewell } from './farewell.js'
import type { FolderLink, HandedMessage } from './folder.js'

/** What a source is, for its connection. */
export interface FileSourceInit {
  readonly link: FolderLink
  readonly lifetime: Lifetime
  readonly farewell: Farewell
  /** What the folder calls it. */
  readonly source: number
  readonly topic: string
  readonly transferred: number
  /** Told once, when it is closed. */
  over(): void
}

/** One consumer, as the folder knows it by number. */
export class FileSource implements Source {
  readonly transferred: number
  readonly #init: FileSourceInit

  constructor(init: FileSourceInit) {
    this.#init = init
    this.transferred = init.transferred
  }

  async pull(max: number): Promise<Pulled> {
    const { link, source } = this.#init
    const { deliveries, dueIn, more } = await link.pull(source, max)
    if (deliveries.length === 0 && dueIn === undefined && !more) return NOTHING_PULLED
    return {
      deliveries: deliveries.map(handed => this.#delivery(handed)),
      ...(dueIn === undefined ? {} : { dueIn }),
      ...(more ? { more } : {}),
    }
  }

  async mark({ token }: Delivery): Promise<void> {
    const { link, source } = this.#init
    await link.mark(source, token as number)
  }

  async settle({ acks, others }: Settled): Promise<readonly SettleException[]> {
    const { link, source, lifetime, farewell } = this.#init
    if (farewell.isSaid) {
      // It would be in doubt. Kept back, it is settled over the next connection, which takes over what this one holds.
      await lifetime.over
      lifetime.check('settle')
    }
    const stale = await farewell.follow(link.settle(source, { acks: acks as readonly number[], others }))
    return stale.length === 0 ? NO_EXCEPTIONS : stale.map(token => ({ token, kind: 'stale' }))
  }

  async renew(batch: readonly Delivery[]): Promise<readonly Token[]> {
    const { link, source } = this.#init
    const lost = await link.renew(
      source,
      batch.map(({ token }) => token as number),
    )
    return lost.length === 0 ? NO_EXCEPTIONS : lost
  }

  async close(): Promise<void> {
    const { link, source, over } = this.#init
    over()
    await link.closeSource(source)
  }

  #delivery({ bytes, token, failures, losses, marks }: HandedMessage): Delivery {
    return {
      message: readMessage(this.#init.topic, bytes),
      token,
      attempt: failures + 1,
      losses,
      marks,
      suspect: losses >= SUSPECT_AFTER,
    }
  }
}
