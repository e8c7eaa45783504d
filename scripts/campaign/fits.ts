import type { Target } from '@pluribus/conformance'
import type { Outage } from './outage.ts'

/**
 * Whether a target can be struck so. Where processes lead a store in turn, there is no broker's process and no network in front of it; where
 * there is a server, nobody is elected.
 */
export const fits =
  ({ hooks = {} }: Pick<Target, 'hooks'>) =>
  ({ hooks: needed }: Outage): boolean =>
    hooks.leader === undefined
      ? !needed.includes('leader')
      : !needed.some(hook => hook === 'broker' || hook === 'proxy')
