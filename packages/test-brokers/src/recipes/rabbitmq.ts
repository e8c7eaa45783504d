import { ON_PATH } from '../machine/machine.ts'
import { requireProgram } from '../machine/require-program.ts'
import type { Place, Recipe } from '../recipe.ts'
import { probeRabbitmq } from '../wire/amqp.ts'

/** Debian's own `rabbitmq-server` on the PATH is a wrapper that changes the user. */
const FOLDERS = ['/usr/lib/rabbitmq/bin', ON_PATH, '/usr/sbin']

/**
 * RabbitMQ: a confirm comes when a persistent message is on disk. Erlang nodes find each other through a daemon, epmd, that the
 * first node would start outside of its own processes; so one of its own is started before it, among them.
 */
export const rabbitmq: Recipe = {
  kind: 'rabbitmq',
  async find(machine) {
    const wanted = { kind: 'rabbitmq', debian: 'rabbitmq-server' } as const
    const server = await requireProgram(machine, { ...wanted, program: 'rabbitmq-server', folders: FOLDERS })
    const epmd = await requireProgram(machine, {
      ...wanted,
      program: 'epmd',
      folders: [ON_PATH, '/usr/lib/erlang/bin'],
    })
    const sh = await requireProgram(machine, { ...wanted, program: 'sh', debian: 'dash' })
    const control = await requireProgram(machine, { ...wanted, program: 'rabbitmqctl', folders: FOLDERS })
    const version = (await machine.run(control, ['version'])).trim()
    return { kind: 'rabbitmq', version, programs: { server, epmd, sh } }
  },
  files: ({ port }) => ({
    'rabbitmq.conf': [
      `listeners.tcp.1 = 127.0.0.1:${port}`,
      // The default, 2 GB for a queue's log of writes, would fill a small disk.
      'raft.wal_max_size_bytes = 67108864',
      'disk_free_limit.absolute = 50MB',
    ].join('\n'),
    enabled_plugins: '[].',
    'rabbitmq-env.conf': '# No settings of the system.',
  }),
  launch: (place, { programs }) => ({
    file: programs.sh as string,
    args: ['-c', SCRIPT, 'sh', programs.epmd as string, programs.server as string],
    env: environment(place),
    stop: 'SIGTERM',
  }),
  probe: ({ port }) => probeRabbitmq(port),
  url: ({ port }) => `amqp://guest:guest@127.0.0.1:${port}`,
}

/** The node is started when its epmd answers: it would start another one otherwise. */
const SCRIPT = `"$1" -address 127.0.0.1 & until "$1" -names >/dev/null 2>&1; do kill -0 $! || exit 1; sleep 0.02; done; exec "$2"`

const environment = ({ folder, data, port }: Place): Readonly<Record<string, string>> => ({
  ERL_EPMD_PORT: String(port + 1),
  ERL_EPMD_ADDRESS: '127.0.0.1',
  RABBITMQ_NODENAME: `pluribus-${port}@localhost`,
  RABBITMQ_DIST_PORT: String(port + 2),
  RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
  RABBITMQ_CONF_ENV_FILE: `${folder}/rabbitmq-env.conf`,
  RABBITMQ_CONFIG_FILE: `${folder}/rabbitmq.conf`,
  RABBITMQ_ENABLED_PLUGINS_FILE: `${folder}/enabled_plugins`,
  RABBITMQ_MNESIA_BASE: data,
  RABBITMQ_LOG_BASE: `${folder}/log`,
  RABBITMQ_LOGS: '-',
  RABBITMQ_PID_FILE: `${folder}/pid`,
  // The Erlang machine in the place of the script, and so the one that hears the signals.
  RUNNING_UNDER_SYSTEMD: 'true',
})
