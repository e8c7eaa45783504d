import { partitionOf, type SubscriptionName } from '@pluribus/core/driver'

/** Of a subject: this place is for nobody in particular, or has nothing. No name of ours can be it. */
export const NOBODY = '_'

/** The durable consumer that waits with delayed messages. The underscore is ours: no subscription has one in its name. */
export const DELAYS = '_delays'

/**
 * How topics and subscriptions are called on the server. A name never has a dot, a star or a blank in it; the dots of a topic
 * become underscores, which topics do not have, so that no two topics meet and every one can be read back.
 *
 * ```
 * <prefix>                                        a stream: what is declared
 * <prefix>_t_<topic>                              a stream: the messages of a topic
 * <prefix>.t.<topic>.m.<for whom>.<priority>.<key>   a message; for whom: `_` for all, or one subscription (redriven)
 * <prefix>.t.<topic>.d.<priority>.<key>              a message that is delayed
 * <prefix>_a_<topic>                              a stream: what outlives them, the latest of each subject
 * <prefix>.a.<topic>.<subscription>.dead.<position>  a dead letter
 * <prefix>.a.<topic>.<subscription>.why.<position>   why it is dead
 * <prefix>_s_<topic>                              a stream: what is known of messages that are there, the latest of each subject
 * <prefix>.s.<topic>.<subscription>.run.<position>   of one that has come back
 * <prefix>.s.<topic>.<subscription>.key.<key>        up to where a key has been handled
 * <prefix>.s.<topic>.<subscription>.floor            up to where everything has been handled
 * <prefix>.w.<topic>.<subscription>               not stored: a key is free
 * <prefix>.e.<connection>                         not stored: a connection hears itself
 * ```
 */
export class Names {
  readonly prefix: string

  constructor(prefix: string) {
    this.prefix = prefix
  }

  get registry(): string {
    return this.prefix
  }

  get registrySubjects(): string {
    return `${this.prefix}.r.>`
  }

  /** Where a topic and its subscriptions are declared. */
  declaration(topic: string): string {
    return `${this.prefix}.r.t.${tokenOf(topic)}`
  }

  get declarations(): string {
    return `${this.prefix}.r.t.*`
  }

  /** What is stored to learn the server's time. */
  get clock(): string {
    return `${this.prefix}.r.clock`
  }

  stream(topic: string): string {
    return `${this.prefix}_t_${tokenOf(topic)}`
  }

  subjects(topic: string): string {
    return `${this.prefix}.t.${tokenOf(topic)}.>`
  }

  /** Every message that is there to be handled. */
  messages(topic: string): string {
    return `${this.prefix}.t.${tokenOf(topic)}.m.>`
  }

  message(topic: string, forWhom: string, priority: number, key: string): string {
    return `${this.prefix}.t.${tokenOf(topic)}.m.${forWhom}.${priority}.${key}`
  }

  /** Every message of a key. */
  messagesOf(topic: string, key: string): string {
    return `${this.prefix}.t.${tokenOf(topic)}.m.*.*.${key}`
  }

  delayed(topic: string, priority: number, key: string): string {
    return `${this.prefix}.t.${tokenOf(topic)}.d.${priority}.${key}`
  }

  allDelayed(topic: string): string {
    return `${this.prefix}.t.${tokenOf(topic)}.d.>`
  }

  aside(topic: string): string {
    return `${this.prefix}_a_${tokenOf(topic)}`
  }

  asideSubjects(topic: string): string {
    return `${this.prefix}.a.${tokenOf(topic)}.>`
  }

  /** All dead letters of a subscription, and why they are dead. */
  deaths({ topic, name }: SubscriptionName): string {
    return `${this.prefix}.a.${tokenOf(topic)}.${name}.>`
  }

  state(topic: string): string {
    return `${this.prefix}_s_${tokenOf(topic)}`
  }

  stateSubjects(topic: string): string {
    return `${this.prefix}.s.${tokenOf(topic)}.>`
  }

  /** Everything that is known of messages for a subscription. */
  stateOf({ topic, name }: SubscriptionName): string {
    return `${this.prefix}.s.${tokenOf(topic)}.${name}.>`
  }

  dead({ topic, name }: SubscriptionName, position: number | '*'): string {
    return `${this.prefix}.a.${tokenOf(topic)}.${name}.dead.${position}`
  }

  /** Why it is dead. */
  why({ topic, name }: SubscriptionName, position: number): string {
    return `${this.prefix}.a.${tokenOf(topic)}.${name}.why.${position}`
  }

  run({ topic, name }: SubscriptionName, position: number): string {
    return `${this.prefix}.s.${tokenOf(topic)}.${name}.run.${position}`
  }

  key({ topic, name }: SubscriptionName, key: string): string {
    return `${this.prefix}.s.${tokenOf(topic)}.${name}.key.${key}`
  }

  /** Up to where everything has been handled. */
  floor({ topic, name }: SubscriptionName): string {
    return `${this.prefix}.s.${tokenOf(topic)}.${name}.floor`
  }

  /** Where a connection hears itself. */
  echo(unique: string): string {
    return `${this.prefix}.e.${unique}`
  }

  /** Every record of a message that has come back. */
  runs({ topic, name }: SubscriptionName): string {
    return `${this.prefix}.s.${tokenOf(topic)}.${name}.run.*`
  }

  wake({ topic, name }: SubscriptionName): string {
    return `${this.prefix}.w.${tokenOf(topic)}.${name}`
  }
}

/**
 * A key in a subject: its hash, because keys may have any character and any length. Two that meet wait for each other, and lose
 * nothing but time.
 */
export const keyTokenOf = (key: string | undefined): string =>
  key === undefined ? NOBODY : partitionOf(key, 2 ** 31).toString(36)

/** Each publish asks. */
const tokens = new Map<string, string>()
const MOST_TOKENS = 10_000

function tokenOf(topic: string): string {
  const known = tokens.get(topic)
  if (known !== undefined) return known
  if (tokens.size >= MOST_TOKENS) tokens.clear()
  const token = topic.replaceAll('.', '_')
  tokens.set(topic, token)
  return token
}

/** Where a message is for, and what its subject says of it; undefined for a subject that is none of ours. */
export function readSubject(subject: string): { readonly forWhom: string; readonly key: string } | undefined {
  const tokens = subject.split('.')
  const [, , , kind, forWhom, , key] = tokens
  if (kind !== 'm' || tokens.length !== 7 || forWhom === undefined || key === undefined) return undefined
  return { forWhom, key }
}
