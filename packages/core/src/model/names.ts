import { PluribusError } from '../errors/pluribus-error.js'
import { quote } from './quote.js'

/** Characters of a topic's name, dots included. */
export const MAX_TOPIC_NAME = 100
/** Characters of a subscription's name. */
export const MAX_SUBSCRIPTION_NAME = 60
/** Characters (UTF-16 code units) of a message id. */
export const MAX_ID = 200
/** Characters (UTF-16 code units) of an ordering key. */
export const MAX_KEY = 1_000

const TOPIC_NAME = /^[a-z0-9-]+(\.[a-z0-9-]+)*$/
const SUBSCRIPTION_NAME = /^[a-z0-9-]+$/
/** What people write out of habit, and what can be turned into a legal name without guessing. */
const NEARLY = /^[A-Za-z0-9._ /:-]+$/
const CONTROL = /\p{Cc}/u

interface Rule {
  readonly what: string
  readonly most: number
  readonly pattern: RegExp
  readonly legal: string
  readonly separator: string
}

const TOPIC: Rule = {
  what: 'topic name',
  most: MAX_TOPIC_NAME,
  pattern: TOPIC_NAME,
  legal: `lower-case letters, digits and '-' in segments joined by '.', 1 to ${MAX_TOPIC_NAME} characters, such as 'orders.placed'`,
  separator: '.',
}

const SUBSCRIPTION: Rule = {
  what: 'subscription name',
  most: MAX_SUBSCRIPTION_NAME,
  pattern: SUBSCRIPTION_NAME,
  legal: `lower-case letters, digits and '-', 1 to ${MAX_SUBSCRIPTION_NAME} characters, such as 'billing'`,
  separator: '-',
}

function suggest(name: string, rule: Rule): string {
  if (name.length > rule.most || !NEARLY.test(name)) return ''
  const likely = name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[/:.]/g, rule.separator)
    .replace(/[_ ]/g, '-')
  return likely.length <= rule.most && rule.pattern.test(likely) ? ` Did you mean '${likely}'?` : ''
}

function checkName(name: unknown, rule: Rule): string {
  if (typeof name === 'string' && name.length <= rule.most && rule.pattern.test(name)) return name
  const hint = typeof name === 'string' ? suggest(name, rule) : ''
  throw new PluribusError('INVALID_ARGUMENT', `${quote(name)} is not a ${rule.what}: use ${rule.legal}.${hint}`, {
    details: { argument: rule.what, legal: rule.legal },
  })
}

/**
 * Answers a legal topic name (`[a-z0-9-]+(\.[a-z0-9-]+)*`, 1 to 100 characters), or throws `INVALID_ARGUMENT`.
 */
export const checkTopicName = (name: unknown): string => checkName(name, TOPIC)

/**
 * Answers a legal subscription name (`[a-z0-9-]{1,60}`), or throws `INVALID_ARGUMENT`.
 */
export const checkSubscriptionName = (name: unknown): string => checkName(name, SUBSCRIPTION)

/** The kinds of text that messages are found by. */
export type IdKind = 'message id' | 'correlation id' | 'causation id' | 'ordering key'

/**
 * Answers a legal id (1 to 200 characters) or ordering key (0 to 1,000: the key `''` is a key like any other), or throws
 * `INVALID_ARGUMENT`. Both are well-formed Unicode without control characters, kept exactly as they are: no trimming, no
 * normalisation.
 */
export function checkId(value: unknown, what: IdKind): string {
  const least = what === 'ordering key' ? 0 : 1
  const most = what === 'ordering key' ? MAX_KEY : MAX_ID
  if (typeof value === 'string' && value.length >= least && value.length <= most) {
    if (value.isWellFormed() && !CONTROL.test(value)) return value
  }
  const legal = `a string of ${least} to ${most.toLocaleString('en')} characters, well-formed and without control characters`
  const hint = typeof value === 'number' || typeof value === 'bigint' ? ' Write String(value).' : ''
  throw new PluribusError('INVALID_ARGUMENT', `${quote(value)} is not a legal ${what}: use ${legal}.${hint}`, {
    details: { argument: what, legal },
  })
}
