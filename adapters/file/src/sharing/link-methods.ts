import type { LinkMethod } from '../folder.js'

/** What can be asked of a connection, from another process as from this one. A method that is not in here does not compile. */
const METHODS: Readonly<Record<LinkMethod, true>> = {
  declare: true,
  publish: true,
  publishSequenced: true,
  position: true,
  open: true,
  pull: true,
  settle: true,
  renew: true,
  mark: true,
  closeSource: true,
  removeSubscription: true,
  topics: true,
  subscriptions: true,
  history: true,
  find: true,
  trim: true,
  deadLetters: true,
  redrive: true,
  discard: true,
  counts: true,
  maintain: true,
  close: true,
}

/** Its methods, by name. */
export const LINK_METHODS = Object.keys(METHODS) as readonly LinkMethod[]
