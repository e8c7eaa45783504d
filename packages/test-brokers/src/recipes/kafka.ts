import { randomUUID } from 'node:crypto'
import { requireProgram } from '../machine/require-program.ts'
import type { Place, Recipe } from '../recipe.ts'
import { probeKafka } from '../wire/kafka.ts'
import { KAFKA_VERSION, requireJars } from './kafka-jars.ts'

/** Enough to start fast and to stay small; a benchmark of rates wants more, and no limit on the compiler. */
const JVM = ['-Xms128m', '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData']

/** Apache Kafka: one node that is broker and controller (KRaft). A produced record is acknowledged when it is on disk. */
export const kafka: Recipe = {
  kind: 'kafka',
  async find(machine) {
    const server = await requireProgram(machine, { kind: 'kafka', program: 'java', debian: 'default-jre-headless' })
    return { kind: 'kafka', version: KAFKA_VERSION, programs: { server, jars: await requireJars(machine) } }
  },
  files: place => ({
    'server.properties': Object.entries(settings(place))
      .map(([name, value]) => `${name}=${value}`)
      .join('\n'),
    'log4j2.yaml': LOGGING,
  }),
  format: ({ folder }, { programs }) => {
    const cluster = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url')
    // One word: an id may begin with a dash, and would be taken for an option.
    const args = ['kafka.tools.StorageTool', 'format', `--cluster-id=${cluster}`, '-c', `${folder}/server.properties`]
    return [{ file: programs.server as string, args: [...java(folder, programs.jars as string), ...args] }]
  },
  launch: ({ folder }, { programs }) => ({
    file: programs.server as string,
    args: [...java(folder, programs.jars as string), 'kafka.Kafka', `${folder}/server.properties`],
    stop: 'SIGTERM',
  }),
  probe: ({ port }) => probeKafka(port),
  url: ({ port }) => `kafka://127.0.0.1:${port}`,
}

const java = (folder: string, jars: string): string[] => [
  ...JVM,
  `-Dlog4j2.configurationFile=${folder}/log4j2.yaml`,
  `-Djava.io.tmpdir=${folder}`,
  '-cp',
  `${jars}/*`,
]

const settings = ({ data, port }: Place): Readonly<Record<string, string | number | boolean>> => ({
  'process.roles': 'broker,controller',
  'node.id': 1,
  'controller.quorum.voters': `1@127.0.0.1:${port + 1}`,
  listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${port + 1}`,
  'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
  'controller.listener.names': 'CONTROLLER',
  'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
  'log.dirs': data,
  // Every record is synced before it is acknowledged; Kafka's default leaves that to the system, and to replicas.
  'log.flush.interval.messages': 1,
  'auto.create.topics.enable': false,
  'num.partitions': 1,
  ...SINGLE_NODE,
  ...QUICK,
})

const SINGLE_NODE = {
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 1,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'transaction.state.log.num.partitions': 1,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
}

const QUICK = {
  'group.initial.rebalance.delay.ms': 0,
  'group.min.session.timeout.ms': 1_000,
  // After a kill the controller waits this long before it admits the broker again.
  'broker.session.timeout.ms': 1_000,
  'broker.heartbeat.interval.ms': 200,
  'log.cleaner.dedupe.buffer.size': 2_097_152,
}

const LOGGING = `Configuration:
  Appenders:
    Console:
      name: out
      PatternLayout:
        pattern: "%d %p %m (%c)%n"
  Loggers:
    Root:
      level: INFO
      AppenderRef:
        ref: out`
