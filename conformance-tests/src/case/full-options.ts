import type { PublishOptions } from '@pluribus/core'
import type { CaseContext } from './context.js'

/** Everything that a message can be given here, delays aside: what must come back as it is. */
export function fullOptions({ capabilities }: Pick<CaseContext, 'capabilities'>): PublishOptions {
  return {
    ...(capabilities.keys === 'none' ? {} : { key: 'customer-7' }),
    ...(capabilities.priority === 'none' ? {} : { priority: capabilities.priorityLevels - 1 }),
    headers: { plain: 'text', ünïcode: '✓ 𝄞', empty: '' },
    correlationId: 'the-root',
    causationId: 'the-parent',
  }
}
