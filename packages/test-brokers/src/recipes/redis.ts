import { requireProgram } from '../machine/require-program.ts'
import type { Recipe } from '../recipe.ts'
import { probeRedis } from '../wire/redis.ts'

/** Redis: an acknowledgement comes after the append-only file is on disk. */
export const redis: Recipe = {
  kind: 'redis',
  async find(machine) {
    const server = await requireProgram(machine, { kind: 'redis', program: 'redis-server', debian: 'redis-server' })
    const [, version = 'unknown'] = /v=(\S+)/.exec(await machine.run(server, ['--version'])) ?? []
    return { kind: 'redis', version, programs: { server } }
  },
  // `save ''`: no snapshots beside the append-only file; `noeviction`: what is stored stays.
  files: ({ data, port }) => ({
    'redis.conf': [
      'bind 127.0.0.1',
      `port ${port}`,
      `dir ${data}`,
      'appendonly yes',
      'appendfsync always',
      'save ""',
      'maxmemory-policy noeviction',
    ].join('\n'),
  }),
  launch: ({ folder }, { programs }) => ({
    file: programs.server as string,
    args: [`${folder}/redis.conf`],
    stop: 'SIGTERM',
  }),
  probe: ({ port }) => probeRedis(port),
  url: ({ port }) => `redis://127.0.0.1:${port}`,
}
