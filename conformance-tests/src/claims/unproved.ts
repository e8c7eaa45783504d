import type { Claim } from './claim.js'

/** Claims that no case proves yet: whoever writes one takes them away. A test holds that the list is right. */
export const UNPROVED: readonly Claim[] = ['sequenced:checked']

/** Claims that no case can prove, and why. */
export const UNPROVABLE: Readonly<Partial<Record<Claim, string>>> = {
  'transactions:native': 'not part of the contract: DESIGN §14',
  'durability:memory': 'it promises nothing that could be looked at',
}
