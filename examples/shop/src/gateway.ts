import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { befalls } from './fate.ts'

/** A payment gateway as they are. Which orders it troubles depends on the order alone. */
export class Gateway {
  readonly #charged = new Map<string, number>()
  #broken = true

  /** Takes the money, or throws. Charging an order again changes nothing: deliveries come at least once. */
  async charge(order: string, pence: number, attempt: number, signal: AbortSignal): Promise<'charged' | 'busy'> {
    await turn()
    if (this.#broken && befalls(order, 'broken', 500)) throw new Error('MERCHANT_UNKNOWN')
    if (attempt === 1 && befalls(order, 'hanging', 10_000)) await sleep(60_000, undefined, { signal })
    if (attempt === 1 && befalls(order, 'busy', 50)) return 'busy'
    if (attempt <= 2 && befalls(order, 'down', 30)) {
      if (attempt === 1 || befalls(order, 'down twice', 3)) throw new Error('UNREACHABLE')
    }
    this.#charged.set(order, pence)
    return 'charged'
  }

  /** The few orders that never went through will now. */
  repair(): void {
    this.#broken = false
  }

  get charges(): number {
    return this.#charged.size
  }

  get pence(): number {
    let total = 0
    for (const pence of this.#charged.values()) total += pence
    return total
  }
}
