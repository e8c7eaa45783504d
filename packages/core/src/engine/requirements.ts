import type { Capabilities, Exactness } from '../driver/capabilities.js'
import type { SubscriptionSpec } from '../driver/spec.js'
import { PluribusError } from '../errors/pluribus-error.js'
import type { Refusal } from '../model/broker.js'
import type { PublishOptions } from '../model/publish-options.js'
import { CAPABILITY_OF, OFFERS, type Offer } from './offers.js'

/** Whose capabilities are asked. */
export interface Capable {
  readonly adapter: string
  readonly capabilities: Capabilities
}

/** Something that is asked for and not offered; `else`: what would do instead. */
interface Need {
  readonly offer: Offer
  readonly what: string
  readonly else?: string
}

const has = (offered: Exactness, atLeast: Exactness): boolean => offered === 'exact' || offered === atLeast

/**
 * Everything a subscription needs that these capabilities do not cover. With {@link refusePublish} the one place where
 * anything is refused for want of a capability.
 */
export function refusalsOf(spec: SubscriptionSpec, on: Capable): readonly Refusal[] {
  const subject = `${spec.topic}/${spec.name}`
  return needsOf(spec, on.capabilities).map(need => {
    return { subject, capability: CAPABILITY_OF[need.offer], message: sentence(subject, need, on) }
  })
}

/** Throws the first refusal of a subscription as `UNSUPPORTED`. */
export function refuseSubscription(spec: SubscriptionSpec, on: Capable): void {
  const [first] = needsOf(spec, on.capabilities)
  if (first !== undefined) refuse(`${spec.topic}/${spec.name}`, first, on)
}

/** Throws `UNSUPPORTED` where a publish needs what the adapter lacks. */
export function refusePublish(options: PublishOptions, on: Capable): void {
  const need = publishNeed(options, on.capabilities)
  if (need !== undefined) refuse('publish()', need, on)
}

/** Throws `UNSUPPORTED` where history is asked of an adapter that keeps none. */
export function refuseHistory(on: Capable): void {
  if (on.capabilities.history === 'none') refuse('history()', { offer: 'history', what: 'stored messages' }, on)
}

function publishNeed(options: PublishOptions, offered: Capabilities): Need | undefined {
  const { priority, key, delay, deliverAt } = options
  if (priority !== undefined) {
    if (offered.priority === 'none') return { offer: 'priority', what: 'a priority' }
    if (priority >= offered.priorityLevels) {
      return {
        offer: 'priorityLevels',
        what: `priority ${priority}`,
        else: `It has 0 to ${offered.priorityLevels - 1}.`,
      }
    }
  }
  if (key !== undefined && offered.keys === 'none') return { offer: 'keys', what: 'an ordering key' }
  if ((delay !== undefined || deliverAt !== undefined) && offered.delay === 'none') {
    return { offer: 'delay', what: 'a delay' }
  }
  return undefined
}

const needsOf = (spec: SubscriptionSpec, offered: Capabilities): readonly Need[] =>
  [disciplineNeed(spec, offered), ladderNeed(spec, offered), startNeed(spec, offered)].filter(
    need => need !== undefined,
  )

function disciplineNeed({ discipline }: SubscriptionSpec, offered: Capabilities): Need | undefined {
  const { kind, levels, atLeast } = discipline
  if (!has(offered[kind], atLeast)) {
    const isWindowed = atLeast === 'windowed' && kind !== 'fifo'
    return {
      offer: isWindowed ? `windowed ${kind}` : kind,
      what: `${atLeast} ${kind} order`,
      ...(offered[kind] === 'windowed' ? { else: `It offers ${kind}({ atLeast: 'windowed' }).` } : {}),
    }
  }
  if (kind !== 'priority' || levels <= offered.priorityLevels) return undefined
  return { offer: 'priorityLevels', what: `${levels} levels of priority`, else: `It has ${offered.priorityLevels}.` }
}

/** A retry waits in the hands of whoever failed: that needs no delayed messages, only that it may be held for so long. */
function ladderNeed({ retry }: SubscriptionSpec, { keys, limits }: Capabilities): Need | undefined {
  const longest = Math.max(0, ...retry.delays)
  if (keys === 'none' || longest <= limits.hold) return undefined
  const shorter = `It holds what is retried in its order for up to ${limits.hold} ms: shorten retry.delays.`
  return { offer: 'hold', what: `a delay of ${longest} ms between attempts`, else: shorter }
}

function startNeed({ from }: SubscriptionSpec, offered: Capabilities): Need | undefined {
  const start = typeof from === 'string' ? from : 'id' in from ? 'id' : 'time'
  if (offered.from.includes(start)) return undefined
  return { offer: `from ${start}`, what: `a start at ${start}`, else: `It has ${offered.from.join(', ')}.` }
}

function sentence(subject: string, need: Need, { adapter }: Capable): string {
  const capability = CAPABILITY_OF[need.offer]
  const refusal = `${subject} needs ${need.what}, which the ${adapter} adapter does not offer on this server (capability ${capability}).`
  const where = `Adapters that have it: ${othersThan(adapter, need).join(', ')}.`
  return [refusal, need.else, where, 'Nothing was done.'].filter(text => text !== undefined).join(' ')
}

/** Where a lesser server is the reason, the adapter's own name would be no advice. */
const othersThan = (adapter: string, { offer }: Need): readonly string[] =>
  OFFERS[offer].filter(name => name !== adapter)

function refuse(subject: string, need: Need, on: Capable): never {
  const details = {
    capability: CAPABILITY_OF[need.offer],
    adapter: on.adapter,
    adapters: othersThan(on.adapter, need),
  }
  throw new PluribusError('UNSUPPORTED', sentence(subject, need, on), { outcome: 'definite', details })
}
