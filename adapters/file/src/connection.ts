import type {
  Capabilities,
  Connection,
  ConnectionEvents,
  Environment,
  ServerInfo,
  SettingChange,
  SubscriptionSpec,
  TopicSpec,
} from '@pluribus/core/driver'
import { Lifetime } from '@pluribus/core/driver'
import { capabilitiesOf } from './capabilities.js'
import { closed, folderClosed } from './errors.js'
import { Farewell } from './farewell.js'
import type { FolderLink } from './folder.js'
import { connectToFolder } from './folders.js'
import type { Resolved } from './options.js'
import { FilePersistence } from './persistence.js'
import { FilePublisher } from './publisher.js'
import { FileSubscriber } from './subscriber.js'

/** Connects to a folder. */
export async function openConnection(
  options: Resolved,
  environment: Environment,
  events: ConnectionEvents,
): Promise<Connection> {
  let connection: FileConnection | undefined
  const link = await connectToFolder(options, environment, {
    wake: source => connection?.subscriber.wake(source),
    ended: (source, cause) => connection?.subscriber.ended(source, cause),
    leaving: () => {
      const leave = () => {
        if (connection === undefined || connection.isOver) return
        void connection.close()
        events.lost(folderClosed())
      }
      // A turn later: whoever was answered knows it by then.
      void connection?.farewell.say().then(() => environment.timers.setImmediate(leave))
    },
    lost: cause => {
      connection?.end()
      events.lost(cause)
    },
  })
  connection = new FileConnection(options, link)
  return connection
}

/** One generation of the link to a folder. */
class FileConnection implements Connection {
  readonly server: ServerInfo
  readonly capabilities: Capabilities
  readonly publisher: FilePublisher
  readonly subscriber: FileSubscriber
  readonly persistence: FilePersistence
  readonly farewell = new Farewell()
  readonly #link: FolderLink
  readonly #lifetime = new Lifetime(closed)

  constructor({ dir, window }: Resolved, link: FolderLink) {
    this.#link = link
    // What holds the data is this process: its version is that of its runtime.
    this.server = { product: 'file', version: process.versions.node, endpoint: `file:${dir}` }
    this.capabilities = capabilitiesOf(window)
    this.publisher = new FilePublisher(link, this.#lifetime, this.farewell)
    this.subscriber = new FileSubscriber(link, this.#lifetime, this.farewell)
    this.persistence = new FilePersistence(link, this.#lifetime)
  }

  async declare(
    topics: readonly TopicSpec[],
    subscriptions: readonly SubscriptionSpec[],
  ): Promise<readonly SettingChange[]> {
    this.#lifetime.check('declare')
    return this.#link.declare(topics, subscriptions)
  }

  async maintain(): Promise<number> {
    this.#lifetime.check('maintain')
    return this.#link.maintain()
  }

  async close(): Promise<void> {
    this.end()
    await this.#link.close()
  }

  get isOver(): boolean {
    return this.#lifetime.isOver
  }

  /** Nothing more is told, and nothing more is done. */
  end(): void {
    this.#lifetime.end()
    this.subscriber.end()
  }
}
