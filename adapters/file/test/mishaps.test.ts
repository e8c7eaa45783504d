import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { createBroker, topic } from '@pluribus/core'
import { type Connection, EMPTY_HEADERS, type OutgoingMessage } from '@pluribus/core/driver'
import { describe, expect, onTestFinished, test } from 'vitest'
import { classify } from '../src/errors.js'
import { file } from '../src/index.js'
import { bench, drain, publish, ready, restart, TOPIC, topicSpec } from './kit.js'
import { makeReadOnly } from './own-mount.js'
import { realEnvironment } from './socket-environment.js'

const ROOT = join(import.meta.dirname, '../../..')
const numbers = topic<{ n: number }>('numbers')

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pluribus-file-mishaps-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A message, as core hands it over. */
const outgoing = (id: string): OutgoingMessage => ({
  ...{ id, topic: TOPIC, payload: id, size: id.length, contentType: 'text/plain', key: undefined, priority: 0 },
  ...{ headers: EMPTY_HEADERS, time: 0, source: 'test', version: 1, correlationId: undefined, causationId: undefined },
  ...{ idSupplied: false, delay: 0 },
})

const failureOf = async (action: Promise<unknown>) =>
  classify(
    await action.then(
      () => undefined,
      error => error,
    ),
  )

/** The payloads of what is kept in a folder. */
async function kept(dir: string): Promise<number[]> {
  await using broker = await createBroker({ adapter: file({ dir }), journal: 'off' })
  const found: number[] = []
  for await (const { data } of broker.history(numbers)) found.push(data.n)
  return found
}

async function publishNumbers(dir: string, ...all: readonly number[]): Promise<void> {
  await using broker = await createBroker({ adapter: file({ dir }), journal: 'off' })
  for (const n of all) await broker.publish(numbers, { n })
}

describe('a file system that is read-only', () => {
  test('is refused for good, by what the system says of it; mounted otherwise, everything is there', async ({
    skip,
  }) => {
    const dir = await newFolder()
    await publishNumbers(dir, 1, 2)
    const undo = makeReadOnly(dir) ?? skip('nothing can be mounted here: that takes root')
    const connecting = file({ dir }).connect(realEnvironment, { lost() {} })
    expect(await failureOf(connecting)).toEqual({ code: 'UNAUTHORIZED', retryable: false })
    await expect(connecting).rejects.toThrow(/read-only/)
    undo()
    await publishNumbers(dir, 3)
    expect(await kept(dir)).toEqual([1, 2, 3])
  })

  test('from one moment on ends all connections, and loses nothing that was told to be stored', async () => {
    const first = await ready()
    await publish(first, 'a', 'b')
    first.disk.fault = ({ kind }) => (['create', 'write', 'rename', 'remove'].includes(kind) ? 'EROFS' : undefined)
    const [failed] = await publish(first, 'c')
    expect(classify((failed as { error: unknown }).error)).toEqual({ code: 'UNAVAILABLE', retryable: true })
    await first.folder.over
    const disk = first.disk.restart('process')
    disk.fault = first.disk.fault
    expect(await failureOf(bench({ disk, clock: first.clock }))).toEqual({ code: 'UNAUTHORIZED', retryable: false })
    const second = await bench({ disk: disk.restart('process'), clock: first.clock, instance: 'a' })
    expect((await drain(second.link)).slice(0, 2)).toEqual(['a', 'b'])
  })
})

describe('a folder that is removed while it is used', () => {
  test('fails what is published from then on, ends all connections, and is a new one for the next', async () => {
    const dir = join(await newFolder(), 'data')
    const lost: unknown[] = []
    const connect = () => file({ dir }).connect(realEnvironment, { lost: cause => void lost.push(cause) })
    const first: Connection = await connect()
    await first.declare([topicSpec()], [])
    expect(await first.publisher.publish([outgoing('a')])).toEqual([])
    await rm(dir, { recursive: true })
    const [failed] = await first.publisher.publish([outgoing('b')])
    expect(failed).toMatchObject({ kind: 'failed' })
    expect(classify((failed as { error: unknown }).error)).toEqual({ code: 'UNAVAILABLE', retryable: true })
    await expect.poll(() => lost.length).toBe(1)
    await first.close()
    const second = await connect()
    expect(await second.persistence.topics()).toEqual([])
    await second.declare([topicSpec()], [])
    expect(await second.publisher.publish([outgoing('c')])).toEqual([])
    await second.close()
  })
})

describe('too many open files', () => {
  test('fail what needs one more, as retryable, and nothing afterwards', async () => {
    const first = await ready()
    await publish(first, 'a')
    // The disk fails once, so that a new file is needed, and there is none to be had.
    first.disk.fault = ({ kind }) =>
      kind === 'create' || kind === 'open' ? 'EMFILE' : kind === 'sync' ? 'EIO' : undefined
    const [failed] = await publish(first, 'b')
    expect(classify((failed as { error: unknown }).error)).toEqual({ code: 'OVERLOADED', retryable: true })
    first.disk.fault = () => undefined
    expect(await publish(first, 'c')).toEqual([])
    expect(first.told.filter(told => told.startsWith('lost'))).toEqual([])
    expect(await drain(first.link, first.source)).toEqual(expect.arrayContaining(['a', 'c']))
    const second = await restart(first)
    expect(await drain(second.link)).not.toContain('c')
  })

  test('of a real process: it goes on publishing into the file that it has, and begins the next one when it can', async ({
    skip,
  }) => {
    if (process.platform === 'win32') skip('there is no ulimit here')
    const dir = await newFolder()
    const sources = [
      '--no-warnings',
      '--conditions=pluribus-source',
      `--import=${join(ROOT, 'scripts/mutation/hooks.ts')}`,
    ]
    const command = [process.execPath, ...sources, join(import.meta.dirname, 'kill/handles.ts'), dir]
    const child = spawn('sh', ['-c', 'ulimit -n 128 && exec "$@"', 'sh', ...command], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const said = JSON.parse(await text(child.stdout))
    const fates = [...said.without, ...said.after]
    expect(new Set(fates)).toEqual(new Set(['stored']))
    expect(said.segmentsAfter).toBeGreaterThan(said.segmentsBefore)
    expect(await kept(dir)).toHaveLength(1 + fates.length)
  }, 200_000)
})

test('a folder with a file of somebody else in it is used all the same', async () => {
  const dir = await newFolder()
  await writeFile(join(dir, 'notes.txt'), 'mine')
  await publishNumbers(dir, 1)
  expect(await kept(dir)).toEqual([1])
})
