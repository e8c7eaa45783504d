import type { Capabilities } from '../driver/capabilities.js'

const INDEX_FAMILY = ['memory', 'file', 'redis', 'postgres'] as const
const ALL = [...INDEX_FAMILY, 'kafka', 'nats', 'rabbitmq'] as const

/**
 * Which of our adapters have what a refusal is about, so that it can say where to go. Only what can be refused stands here.
 * A test compares it with what the conformance suite has found of each adapter; what is said of one that is not written yet
 * is the plan.
 */
export const OFFERS = {
  fifo: ALL,
  lifo: INDEX_FAMILY,
  priority: INDEX_FAMILY,
  'windowed lifo': [...INDEX_FAMILY, 'kafka', 'rabbitmq'],
  'windowed priority': ALL,
  priorityLevels: [...INDEX_FAMILY, 'nats'],
  keys: ALL,
  delay: [...INDEX_FAMILY, 'nats', 'rabbitmq'],
  'from earliest': ALL,
  'from latest': ALL,
  'from time': [...INDEX_FAMILY, 'kafka', 'nats'],
  'from id': [...INDEX_FAMILY, 'nats'],
  history: [...INDEX_FAMILY, 'kafka', 'nats'],
  hold: [...INDEX_FAMILY, 'nats'],
} as const satisfies Record<string, readonly string[]>

/** Something that can be refused. */
export type Offer = keyof typeof OFFERS

/** The capability that an offer belongs to. */
export const CAPABILITY_OF = {
  fifo: 'fifo',
  lifo: 'lifo',
  priority: 'priority',
  'windowed lifo': 'lifo',
  'windowed priority': 'priority',
  priorityLevels: 'priorityLevels',
  keys: 'keys',
  delay: 'delay',
  'from earliest': 'from',
  'from latest': 'from',
  'from time': 'from',
  'from id': 'from',
  history: 'history',
  hold: 'limits',
} as const satisfies Record<Offer, keyof Capabilities>
