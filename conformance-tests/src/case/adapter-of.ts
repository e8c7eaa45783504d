import type { BrokerOptions } from '@pluribus/core'
import type { Adapter } from '@pluribus/core/driver'
import { check } from './expect.js'

/** The adapter among a broker's options: targets give objects. */
export function adapterOf({ adapter }: BrokerOptions): Adapter {
  check(typeof adapter === 'object' && 'capabilities' in adapter, 'the target gives no adapter')
  return adapter
}
