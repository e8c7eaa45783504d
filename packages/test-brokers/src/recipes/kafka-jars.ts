import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Machine } from '../machine/machine.ts'
import { requireProgram } from '../machine/require-program.ts'
import { MissingBroker } from '../missing-broker.ts'

/** The version of Apache Kafka that is run. */
export const KAFKA_VERSION = '4.3.0'

const ARTIFACTS = [
  ['org.apache.kafka', 'kafka_2.13', KAFKA_VERSION],
  ['org.apache.logging.log4j', 'log4j-core', '2.25.2'],
  ['org.apache.logging.log4j', 'log4j-slf4j-impl', '2.25.2'],
]

/** The folder of Kafka's jars. Maven brings them, by its own configuration, where they are not there yet. */
export async function requireJars(machine: Machine): Promise<string> {
  const jars = join(machine.cache, `kafka-${KAFKA_VERSION}`)
  if (existsSync(jars)) return jars
  const maven = await requireProgram(machine, { kind: 'kafka', program: 'mvn', debian: 'maven' })
  if (!machine.mayFetch)
    throw new MissingBroker('kafka', 'its jars are not fetched yet; npm run brokers -- up kafka does that, by Maven.')
  // A folder of its own that gets its name when it is complete: others may fetch at the same time.
  const draft = `${jars}.${randomUUID()}`
  await mkdir(draft, { recursive: true })
  try {
    await writeFile(join(draft, 'pom.xml'), pom())
    const options = ['--batch-mode', '--quiet', `--file=${join(draft, 'pom.xml')}`]
    await machine.run(maven, [...options, 'dependency:copy-dependencies', `-DoutputDirectory=${join(draft, 'jars')}`])
    await publish(join(draft, 'jars'), jars)
  } catch (error) {
    throw new MissingBroker('kafka', `Maven could not bring its jars (org.apache.kafka:kafka_2.13:${KAFKA_VERSION}).`, {
      cause: error,
    })
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  return jars
}

async function publish(draft: string, jars: string): Promise<void> {
  try {
    await rename(draft, jars)
  } catch (error) {
    // Another process has been faster; its jars are the same.
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

function pom(): string {
  const dependencies = ARTIFACTS.map(
    ([group, artifact, version]) =>
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`,
  )
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>pluribus</groupId><artifactId>kafka-jars</artifactId><version>1</version>
<dependencies>${dependencies.join('\n')}</dependencies></project>\n`
}
