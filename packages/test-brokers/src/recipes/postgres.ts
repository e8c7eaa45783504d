import { ON_PATH } from '../machine/machine.ts'
import { requireProgram } from '../machine/require-program.ts'
import { MissingBroker } from '../missing-broker.ts'
import type { Recipe } from '../recipe.ts'
import { probePostgres } from '../wire/postgres.ts'

const FOLDERS = [ON_PATH, '/usr/lib/postgresql/*/bin']

/** Postgres: a commit is acknowledged when it is on disk. It refuses to run as root, and so has an owner there. */
export const postgres: Recipe = {
  kind: 'postgres',
  async find(machine) {
    const wanted = { kind: 'postgres', debian: 'postgresql', folders: FOLDERS } as const
    const server = await requireProgram(machine, { ...wanted, program: 'postgres' })
    const initdb = await requireProgram(machine, { ...wanted, program: 'initdb' })
    const [, version = 'unknown'] = /PostgreSQL\) (\S+)/.exec(await machine.run(server, ['--version'])) ?? []
    const found = { kind: 'postgres', version, programs: { server, initdb } } as const
    if (!machine.isRoot) return found
    const owner = machine.owner(['postgres', 'nobody'])
    if (owner === undefined)
      throw new MissingBroker('postgres', 'it refuses to run as root, and there is no user postgres or nobody.')
    return { ...found, owner }
  },
  format: ({ data }, { programs }) => [
    {
      file: programs.initdb as string,
      args: ['--pgdata', data, '--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
    },
  ],
  launch: ({ data, port }, { programs }) => ({
    file: programs.server as string,
    args: ['-D', data, ...Object.entries(settings(port)).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    // Its "fast shutdown"; SIGTERM would wait until the clients have gone.
    stop: 'SIGINT',
    // Its "immediate shutdown": no checkpoint, and, unlike SIGKILL, no segment of shared memory left in the system.
    discard: 'SIGQUIT',
  }),
  probe: ({ port }) => probePostgres(port),
  url: ({ port }) => `postgres://postgres@127.0.0.1:${port}/postgres`,
}

const settings = (port: number): Readonly<Record<string, string>> => ({
  port: String(port),
  listen_addresses: '127.0.0.1',
  // TCP only: the usual folder for sockets is the system's server's.
  unix_socket_directories: '',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  // In files of its own folder, not in the system's shared memory, where SIGKILL would leave it for ever.
  dynamic_shared_memory_type: 'mmap',
  max_connections: '200',
})
