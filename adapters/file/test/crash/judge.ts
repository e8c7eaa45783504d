import type { HandedMessage } from '../../src/folder.js'
import { idOf } from '../kit.js'

/** What one message of one subscription may be, by what its clients were told. */
interface Known {
  /** `under way`: its publish was never answered. */
  publish: 'under way' | 'stored' | 'absent'
  /** Acked or discarded; `maybe`: that was never answered. */
  gone: 'no' | 'maybe' | 'yes'
  dead: 'no' | 'maybe' | 'yes'
  /** Failed runs, and those whose retry was never answered. */
  failures: number
  mayHaveFailed: number
  /** At least. */
  losses: number
  /** Handed out in the life that is going on. */
  isHeld: boolean
}

/** Knows what the clients of a folder were told, and what must be true for that reason. */
export class Judge {
  readonly #known = new Map<string, Known>()
  /** In the order of publishing. */
  readonly #order: string[] = []

  publishing(id: string): void {
    this.#order.push(id)
    this.#known.set(id, {
      ...{ publish: 'under way', gone: 'no', dead: 'no' },
      ...{ failures: 0, mayHaveFailed: 0, losses: 0, isHeld: false },
    })
  }

  published(id: string): void {
    this.of(id).publish = 'stored'
  }

  of(id: string): Known {
    const known = this.#known.get(id)
    if (known === undefined) throw new Error(`Message ${id} was invented.`)
    return known
  }

  handed(delivery: HandedMessage): void {
    const id = idOf(delivery.bytes)
    const known = this.of(id)
    if (known.publish === 'absent') throw new Error(`Message ${id} was not there, and is handed out.`)
    if (known.gone === 'yes') throw new Error(`Message ${id} was settled, and comes back.`)
    if (known.dead === 'yes') throw new Error(`Message ${id} is dead, and is handed out.`)
    const most = known.failures + known.mayHaveFailed
    if (delivery.failures < known.failures || delivery.failures > most) {
      throw new Error(`Message ${id} has failed ${delivery.failures} times; ${known.failures} to ${most} are known.`)
    }
    if (delivery.losses < known.losses && delivery.failures === known.failures) {
      throw new Error(`Message ${id} has been lost ${delivery.losses} times; ${known.losses} are known.`)
    }
    if (delivery.failures > known.failures) known.losses = 0
    known.publish = 'stored'
    known.gone = 'no'
    known.dead = 'no'
    known.failures = delivery.failures
    known.mayHaveFailed = 0
    known.losses = delivery.losses
    known.isHeld = true
  }

  /** The process has ended: what it held is lost. */
  ended(): void {
    for (const known of this.#known.values()) {
      if (known.isHeld && known.gone === 'no' && known.dead === 'no' && known.mayHaveFailed === 0) known.losses++
      known.isHeld = false
    }
  }

  /**
   * The messages that the log has, in its order. What is under way is there or not, from now on.
   *
   * @param isKept Whether what was handled is kept; otherwise it may be gone.
   */
  history(ids: readonly string[], isKept: boolean): void {
    const there = new Set(ids)
    if (there.size < ids.length) throw new Error(`A message is in the history twice: ${ids.join(' ')}`)
    for (const id of ids) {
      const known = this.of(id)
      if (known.publish === 'absent') throw new Error(`Message ${id} was not there, and is now.`)
      known.publish = 'stored'
    }
    for (const [id, known] of this.#known) {
      const mayBeGone = !isKept && known.gone !== 'no'
      if (known.publish === 'stored' && !there.has(id) && !mayBeGone)
        throw new Error(`Message ${id} was stored, and is lost.`)
      if (known.publish === 'under way') known.publish = 'absent'
    }
    same(
      'history',
      ids,
      this.#order.filter(id => there.has(id)),
    )
  }

  /** All that was handed out when everything was, and the dead: every message is where it may be. */
  drained(ids: readonly string[], dead: readonly string[]): void {
    for (const id of this.#order) {
      const { publish, gone } = this.of(id)
      if (publish !== 'stored' || gone !== 'no') continue
      if (!ids.includes(id) && !dead.includes(id)) throw new Error(`Message ${id} was never settled, and is lost.`)
    }
    for (const id of dead) {
      const { gone, dead: isDead } = this.of(id)
      if (gone === 'yes') throw new Error(`Message ${id} is gone, and among the dead.`)
      if (isDead === 'no') throw new Error(`Message ${id} is among the dead, and nobody has rejected it.`)
    }
  }

  /** Where nothing changes an order, it is that of publishing. */
  inOrder(ids: readonly string[]): void {
    same(
      'order',
      ids,
      this.#order.filter(id => ids.includes(id)),
    )
  }

  /** Those of one key. */
  keyInOrder(ids: readonly string[], keyOf: (id: string) => string | undefined): void {
    for (const key of new Set(ids.map(keyOf))) {
      if (key !== undefined) this.inOrder(ids.filter(id => keyOf(id) === key))
    }
  }
}

function same(what: string, found: readonly string[], wanted: readonly string[]): void {
  if (found.join(' ') !== wanted.join(' '))
    throw new Error(`${what}: ${found.join(' ')}; it should be ${wanted.join(' ')}`)
}
