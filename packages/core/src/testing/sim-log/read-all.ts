import type { SimLink } from '../sim-log-server/sim-link.js'
import type { SimLogServer } from '../sim-log-server/sim-log-server.js'
import type { StoredSimRecord } from '../sim-log-server/sim-partition.js'

const PAGE = 256

/** Every record of a partition from a position up to the end as it is when the reading gets there. */
export async function* readAll(
  server: SimLogServer,
  link: SimLink,
  channel: string,
  index: number,
  from: number,
): AsyncGenerator<StoredSimRecord, void, undefined> {
  let at = from
  for (;;) {
    const { records, next } = await link.call('read', () => server.read(channel, index, at, PAGE))
    yield* records
    if (records.length === 0) return
    at = next
  }
}
