import { SimDisk } from '@pluribus/commit-log/testing'
import {
  EMPTY_HEADERS,
  type Environment,
  type ErrorRecord,
  type Logger,
  type OutgoingMessage,
  type SubscriptionSpec,
} from '@pluribus/core/driver'
import { MessageWriter, readMessage } from '../src/codec.js'
import type { Folder, FolderLink, HandedMessage, NewMessage } from '../src/folder.js'
import { LocalFolder, type LocalFolderOptions } from '../src/live/local-folder.js'

/** 2001-09-09: far from both 0 and today, so that a mix-up of the two clocks shows. */
export const EPOCH = 1_000_000_000_000
export const LEASE = 30_000
export const TOPIC = 'orders.placed'
export const SUBSCRIPTION = { topic: TOPIC, name: 'billing' }

/** A clock that moves by hand. */
export class HandClock {
  #time = 5_000
  /** What the wall clock is ahead by. */
  ahead = 0

  now = () => Math.floor(EPOCH + this.#time + this.ahead)
  monotonic = () => this.#time

  pass(ms: number): void {
    this.#time += ms
  }
}

/** Numbers from 0 to 1, exclusive: the same seed, the same numbers. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }

export const environment = (
  clock: HandClock,
  random = randomOf(1),
  logger: Logger = silent,
): Omit<Environment, 'instance'> => ({
  clock,
  timers: {
    setTimeout: () => forbidden(),
    clearTimeout: () => forbidden(),
    setImmediate: callback => setImmediate(callback),
    clearImmediate: () => forbidden(),
  },
  logger,
  random,
})

function forbidden(): never {
  throw new Error('The file adapter uses no timers.')
}

/** Small, so that there are several of everything. */
export const LIMITS = { segmentBytes: 8_192, reserveBytes: 0 }

export interface Bench {
  readonly clock: HandClock
  readonly disk: SimDisk
  readonly folder: LocalFolder
  readonly link: FolderLink
  /** What was told, in order. */
  readonly told: string[]
}

/** A folder on a simulated disk, and one connection to it. */
export async function bench(
  options: Partial<LocalFolderOptions> & {
    readonly clock?: HandClock
    readonly disk?: SimDisk
    readonly instance?: string
    readonly logger?: Logger
  } = {},
): Promise<Bench> {
  const { clock = new HandClock(), disk = new SimDisk(randomOf(7)), instance = 'a', logger, ...others } = options
  const folder = await LocalFolder.open({
    disk,
    environment: environment(clock, randomOf(1), logger),
    window: 60_000,
    limits: LIMITS,
    ...others,
  })
  const told: string[] = []
  return { clock, disk, folder, told, link: await connect(folder, instance, told) }
}

export const connect = (folder: Folder, instance: string, told: string[] = []): Promise<FolderLink> =>
  folder.connect(
    { instance },
    {
      wake: source => void told.push(`wake ${source}`),
      ended: (source, cause) => void told.push(`ended ${source}: ${(cause as { code?: string }).code}`),
      leaving: () => void told.push('leaving'),
      lost: cause => void told.push(`lost: ${(cause as { code?: string }).code}`),
    },
  )

/** The process ends, or its power, and the next one opens the folder. */
export async function restart(
  { disk, clock }: Bench,
  after: 'process' | 'power' = 'process',
  options: Parameters<typeof bench>[0] = {},
): Promise<Bench> {
  return bench({ clock, disk: disk.restart(after), instance: 'b', ...options })
}

export const topicSpec = (name = TOPIC, retention = {}) => ({ name, partitions: 1, retention })

export function spec(changes: Partial<SubscriptionSpec> = {}): SubscriptionSpec {
  return {
    ...SUBSCRIPTION,
    from: 'earliest',
    discipline: { kind: 'fifo', levels: 1, atLeast: 'exact' },
    retry: { attempts: 5, delays: [100, 1_000] },
    timeout: 5_000,
    grace: 5_000,
    ...changes,
  }
}

const writer = new MessageWriter()

export function message(id: string, changes: Partial<OutgoingMessage> = {}): NewMessage {
  const payload = changes.payload ?? `payload of ${id}`
  return writer.encode({
    id,
    topic: TOPIC,
    payload,
    size: payload.length,
    contentType: 'text/plain',
    key: undefined,
    priority: 0,
    headers: EMPTY_HEADERS,
    time: EPOCH,
    source: 'test',
    version: 1,
    correlationId: undefined,
    causationId: undefined,
    idSupplied: false,
    delay: 0,
    ...changes,
  })
}

export const publish = ({ link }: Pick<Bench, 'link'>, ...ids: readonly string[]) =>
  link.publish(ids.map(id => message(id)))

export const idOf = (bytes: Buffer): string => readMessage(TOPIC, bytes).id

export const idsOf = (deliveries: readonly HandedMessage[]): string[] => deliveries.map(({ bytes }) => idOf(bytes))

export const failure = (attempt: number): ErrorRecord => ({
  name: 'Error',
  message: `run ${attempt}`,
  attempt,
  time: EPOCH,
})

/** A topic with one subscription and a source of it. */
export async function ready(options: Parameters<typeof bench>[0] & { readonly spec?: Partial<SubscriptionSpec> } = {}) {
  const { spec: changes, ...others } = options
  const setup = await bench(others)
  await setup.link.declare([topicSpec()], [spec(changes)])
  return { ...setup, source: await open(setup.link) }
}

export const open = async (link: FolderLink): Promise<number> =>
  (await link.open(SUBSCRIPTION, { lease: LEASE, consumer: undefined })).source

/** Pulls and acks, until there is nothing more. */
export async function drain(link: FolderLink, source?: number): Promise<string[]> {
  const from = source ?? (await open(link))
  const drained: string[] = []
  for (;;) {
    const { deliveries } = await link.pull(from, 64)
    if (deliveries.length === 0) return drained
    drained.push(...idsOf(deliveries))
    await link.settle(from, { acks: deliveries.map(({ token }) => token), others: [] })
  }
}
