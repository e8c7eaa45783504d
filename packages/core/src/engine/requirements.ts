import type { Capabilities, Exactness } from '../driver/capabilities.js'
import type { SubscriptionSpec } from '../driver/spec.js'
import { PluribusError } from '../errors/pluribus-error.js'
import type { Refusal } from '../model/broker.js'
import type { PublishOptions } from '../model/publish-options.js'

/** Whose capabilities are asked. */
export interface Capable {
  readonly adapter: string
  readonly capabilities: Capabilities
}

type Need = Pick<Refusal, 'capability'> & { readonly what: string }

/** The adapters that keep an order exactly, for the refusals of those that do not. */
const INDEX_FAMILY = 'memory, file, redis and postgres'

const has = (offered: Exactness, atLeast: Exactness): boolean => offered === 'exact' || offered === atLeast

/**
 * Everything a subscription needs that these capabilities do not cover. With {@link refusePublish} the one place where
 * anything is refused for want of a capability.
 */
export function refusalsOf(spec: SubscriptionSpec, on: Capable): readonly Refusal[] {
  const subject = `${spec.topic}/${spec.name}`
  return [...disciplineNeeds(spec, on.capabilities), ...otherNeeds(spec, on.capabilities)].map(
    ({ capability, what }) => ({
      subject,
      capability,
      message: sentence(subject, capability, what, on),
    }),
  )
}

/** Throws the first refusal of a subscription as `UNSUPPORTED`. */
export function refuseSubscription(spec: SubscriptionSpec, on: Capable): void {
  const [first] = refusalsOf(spec, on)
  if (first !== undefined) throw unsupported(first.message, first.capability, on)
}

/** Throws `UNSUPPORTED` where a publish needs what the adapter lacks. */
export function refusePublish(options: PublishOptions, on: Capable): void {
  const { capabilities } = on
  const need = publishNeed(options, capabilities)
  if (need === undefined) return
  throw unsupported(sentence('publish()', need.capability, need.what, on), need.capability, on)
}

/** Throws `UNSUPPORTED` where history is asked of an adapter that keeps none. */
export function refuseHistory(on: Capable): void {
  if (on.capabilities.history === 'none') {
    throw unsupported(sentence('history()', 'history', 'stored messages', on), 'history', on)
  }
}

function publishNeed(options: PublishOptions, offered: Capabilities): Need | undefined {
  if (options.priority !== undefined) {
    if (offered.priority === 'none') return { capability: 'priority', what: 'a priority' }
    if (options.priority >= offered.priorityLevels) {
      return {
        capability: 'priorityLevels',
        what: `priority ${options.priority} (it has 0 to ${offered.priorityLevels - 1})`,
      }
    }
  }
  if (options.key !== undefined && offered.keys === 'none') return { capability: 'keys', what: 'an ordering key' }
  if ((options.delay !== undefined || options.deliverAt !== undefined) && offered.delay === 'none') {
    return { capability: 'delay', what: 'a delay' }
  }
  return undefined
}

function disciplineNeeds({ discipline }: SubscriptionSpec, offered: Capabilities): Need[] {
  const { kind, levels, atLeast } = discipline
  if (!has(offered[kind], atLeast)) {
    const windowed = offered[kind] === 'windowed' ? `; it offers ${kind}({ atLeast: 'windowed' })` : ''
    return [{ capability: kind, what: `exact ${kind} order (${INDEX_FAMILY} have it${windowed})` }]
  }
  if (kind !== 'priority' || levels <= offered.priorityLevels) return []
  return [{ capability: 'priorityLevels', what: `${levels} levels of priority (it has ${offered.priorityLevels})` }]
}

function otherNeeds(spec: SubscriptionSpec, offered: Capabilities): Need[] {
  const needs: Need[] = []
  if (offered.delay === 'none' && spec.retry.delays.some(delay => delay > 0)) {
    needs.push({ capability: 'delay', what: 'delays between attempts (retry: { delays: [] } does without)' })
  }
  const start = typeof spec.from === 'string' ? spec.from : 'id' in spec.from ? 'id' : 'time'
  if (!offered.from.includes(start)) needs.push({ capability: 'from', what: `a start at ${start}` })
  return needs
}

function sentence(subject: string, capability: string, what: string, { adapter }: Capable): string {
  return `${subject} needs ${what}, which the ${adapter} adapter does not offer on this server (capability ${capability}). Nothing was done.`
}

function unsupported(message: string, capability: string, { adapter }: Capable): PluribusError {
  return new PluribusError('UNSUPPORTED', message, { outcome: 'definite', details: { capability, adapter } })
}
