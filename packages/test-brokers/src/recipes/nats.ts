import { ON_PATH } from '../machine/machine.ts'
import { requireProgram } from '../machine/require-program.ts'
import type { Recipe } from '../recipe.ts'
import { probeJetStream } from '../wire/nats.ts'

/** The first version that has `sync_interval: always`. */
const SYNCS_ALWAYS = '2.10.0'

const syncsAlways = (version: string): boolean => version.localeCompare(SYNCS_ALWAYS, 'en', { numeric: true }) >= 0

/** NATS with JetStream: an acknowledgement comes after the file is on disk, where the version can do that. */
export const nats: Recipe = {
  kind: 'nats',
  async find(machine) {
    const server = await requireProgram(machine, {
      kind: 'nats',
      program: 'nats-server',
      debian: 'nats-server',
      folders: [ON_PATH, '/usr/sbin'],
    })
    const [, version = '0'] = /v(\d\S*)/.exec(await machine.run(server, ['--version'])) ?? []
    const caveat = `before ${SYNCS_ALWAYS} an acknowledgement survives the server's end, and not the machine's`
    return { kind: 'nats', version, programs: { server }, ...(syncsAlways(version) ? {} : { caveat }) }
  },
  files: ({ data, port }, { version }) => ({
    'nats.conf': [
      `listen: "127.0.0.1:${port}"`,
      'jetstream {',
      `  store_dir: "${data}"`,
      ...(syncsAlways(version) ? ['  sync_interval: always'] : []),
      '}',
    ].join('\n'),
  }),
  launch: ({ folder }, { programs }) => ({
    file: programs.server as string,
    args: ['--config', `${folder}/nats.conf`],
    stop: 'SIGTERM',
  }),
  probe: ({ port }) => probeJetStream(port),
  url: ({ port }) => `nats://127.0.0.1:${port}`,
}
