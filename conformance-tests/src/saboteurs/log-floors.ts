import type { SimLogServer } from '@pluribus/core/testing'
import { type Said, saying } from './log-server.js'
import { defineSaboteurs } from './saboteur.js'

type Commits = Parameters<NonNullable<Said['commit']>>[3]

/** Stores other positions, or other notes, than it should. */
const committing = (change: (commits: Commits, server: SimLogServer) => Commits): Said => ({
  commit: (server, group, member, commits) => group.commit(member, change(commits, server)),
})

const endOf = (server: SimLogServer, channel: string, index: number): number =>
  server.channels.get(channel)?.partitions[index]?.end ?? 0

/** The first position from the beginning on that nobody will ever see. */
function firstGap(server: SimLogServer, channel: string, index: number): number {
  let next = 0
  for (const { position } of server.channels.get(channel)?.partitions[index]?.records ?? []) {
    if (position !== next) break
    next++
  }
  return next
}

/** What the adapter of a log broker can do wrong with its floors, and with the note beside them. */
export const LOG_FLOORS = defineSaboteurs(
  {
    name: 'log-floor-passes-what-is-in-hand',
    of: 'sim-log',
    breaks: 'Its floor is the end of what there is, whether that is done or not.',
    caughtBy: 'ACK-07',
    says: /which nobody had acked, to come to another process/,
    adapter: inner =>
      saying(
        inner,
        committing((commits, server) =>
          commits.map(each => ({ ...each, position: endOf(server, each.channel, each.index), note: '' })),
        ),
      ),
  },
  {
    name: 'log-gaps-are-waited-for',
    of: 'sim-log',
    breaks: 'Its floor stops at a position that does not exist: nothing beyond is ever stored as done.',
    caughtBy: 'SUB-13',
    says: /was handed out again after it had been acked/,
    adapter: inner =>
      saying(
        inner,
        committing((commits, server) =>
          commits.map(each => {
            const gap = firstGap(server, each.channel, each.index)
            return each.position <= gap ? each : { ...each, position: gap, note: '' }
          }),
        ),
      ),
  },
  {
    name: 'log-done-above-the-floor-is-forgotten',
    of: 'sim-log',
    breaks: 'It stores its floor and not what is done above it, who has the partition, or what may have been lost.',
    caughtBy: 'CRS-02',
    says: /the losses that were counted: expected 1, found 0/,
    adapter: inner =>
      saying(
        inner,
        committing(commits => commits.map(each => ({ ...each, note: '' }))),
      ),
  },
  {
    name: 'log-commits-are-not-stored',
    of: 'sim-log',
    breaks: 'Acks are told to be stored, and every floor stays where it was: what was acked is replayed.',
    caughtBy: 'CRS-07',
    says: /what came again: too many/,
    adapter: inner => saying(inner, { commit: () => {} }),
  },
  {
    name: 'log-dead-letters-follow-the-settle',
    of: 'sim-log',
    breaks: 'The original is settled first, and its dead letter appended a while later.',
    caughtBy: 'DLQ-02',
    says: /there is no dead letter/,
    adapter: inner =>
      saying(inner, {
        append(server, channel, index, records) {
          if (!channel.includes('._dead.')) return server.append(channel, index, records)
          server.time.timers.setTimeout(() => server.append(channel, index, records), 1_000)
          return endOf(server, channel, index)
        },
      }),
  },
)
