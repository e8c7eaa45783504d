import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { befalls } from './fate.ts'

/** A payment gateway as they are. Which orders it troubles depends on the order alone. */
export class Gateway {
  readonly #isRepaired: () => Promise<boolean>

  constructor(isRepaired: () => Promise<boolean>) {
    this.#isRepaired = isRepaired
  }

  /** Takes the money, or throws. Charging an order again changes nothing: deliveries come at least once. */
  async charge(order: string, attempt: number, signal: AbortSignal): Promise<'charged' | 'busy'> {
    await turn()
    if (befalls(order, 'broken', 500) && !(await this.#isRepaired())) throw new Error('MERCHANT_UNKNOWN')
    if (attempt === 1 && befalls(order, 'hanging', 10_000)) await sleep(60_000, undefined, { signal })
    if (attempt === 1 && befalls(order, 'busy', 50)) return 'busy'
    if (attempt <= 2 && befalls(order, 'down', 30)) {
      if (attempt === 1 || befalls(order, 'down twice', 3)) throw new Error('UNREACHABLE')
    }
    return 'charged'
  }
}
