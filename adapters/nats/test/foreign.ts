import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect, type MsgHdrs, type NatsConnection, headers as newHeaders } from '@nats-io/transport-node'
import type { RawClient } from '@pluribus/conformance'

/** Where a case has its names. */
interface Place {
  readonly server: string
  readonly prefix: string
}

const STREAM_NOT_FOUND = 10_059

/** A client of the server that knows nothing of ours but what the README says of subjects. */
export async function foreignClient({ server, prefix }: Place): Promise<RawClient> {
  const nats = await connect({ servers: server })
  const manager = await jetstreamManager(nats)
  const token = (topic: string) => topic.replaceAll('.', '_')
  return {
    async inject(topic, { body, headers }) {
      const block = newHeaders()
      for (const [name, value] of Object.entries(headers)) block.append(name, value)
      await jetstream(nats).publish(`${prefix}.t.${token(topic)}.m._.0._`, body, { headers: block })
    },
    async read(topic) {
      const stream = `${prefix}_t_${token(topic)}`
      const { state } = await manager.streams.info(stream)
      const found: { body: Uint8Array; headers: Record<string, string> }[] = []
      for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
        const message = await manager.streams.getMessage(stream, { seq })
        if (message !== null) found.push({ body: message.data, headers: recordOf(message.header) })
      }
      return found
    },
    close: () => nats.close(),
  }
}

/** Deletes every stream of a case. */
export async function dropStreams({ server, prefix }: Place): Promise<void> {
  const nats = await connect({ servers: server })
  try {
    await dropAll(nats, prefix)
  } finally {
    await nats.close()
  }
}

async function dropAll(nats: NatsConnection, prefix: string): Promise<void> {
  const manager = await jetstreamManager(nats)
  for await (const name of manager.streams.names(`${prefix}.>`)) {
    await manager.streams.delete(name).catch((error: { code?: number }) => {
      if (error.code !== STREAM_NOT_FOUND) throw error
    })
  }
}

const recordOf = (headers: MsgHdrs): Record<string, string> =>
  Object.fromEntries(headers.keys().map(name => [name, headers.get(name)]))
