import type { RawClient } from '@pluribus/conformance'
import type { SimLogServer } from '@pluribus/core/testing'

/** A client of the simulated broker that knows nothing of ours: it appends and reads records. */
export async function foreignClient(server: SimLogServer): Promise<RawClient> {
  const link = await server.connect(server.time, () => {})
  let appended = 0
  return {
    inject: async (topic, record) =>
      link.call('append', () => {
        const { length } = server.channel(topic).partitions
        server.append(topic, appended++ % length, [record])
      }),
    read: topic =>
      link.call('read', () =>
        server
          .channel(topic)
          .partitions.flatMap(({ records }) =>
            records.map(({ body, headers }) => ({ body: Buffer.from(body as string), headers })),
          ),
      ),
    close: async () => link.close(),
  }
}
