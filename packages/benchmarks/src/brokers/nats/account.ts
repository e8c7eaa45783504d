/** What the server itself says of all its consumers. */
export interface Account {
  /** What waits or is not acked. */
  left(): Promise<number>
  close(): Promise<void>
}

/** For those subjects that make streams and consumers of their own. */
export async function openAccount(url: string): Promise<Account> {
  const { connect } = await import('@nats-io/transport-node')
  const { jetstreamManager } = await import('@nats-io/jetstream')
  const connection = await connect({ servers: url })
  const { streams, consumers } = await jetstreamManager(connection)
  return {
    async left() {
      let left = 0
      for await (const { config } of streams.list()) {
        for await (const { num_pending, num_ack_pending } of consumers.list(config.name)) {
          left += num_pending + num_ack_pending
        }
      }
      return left
    },
    close: () => connection.close(),
  }
}
