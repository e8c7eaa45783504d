import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type LogNotice, nodeDisk, verifyLog } from '../src/index.js'
import { appendEach, opened, readAll, SMALL, texts, textsOf } from './opened.js'

const root = mkdtempSync(join(tmpdir(), 'pluribus-commit-log-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let folders = 0
const newFolder = () => join(root, `parent-${++folders}`, 'log')
const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).map(entry => join(entry.parentPath, entry.name))

test('a log on files is there when it is opened again', async () => {
  const folder = newFolder()
  const { log } = await opened({ disk: nodeDisk(folder) })
  await appendEach(log, texts(100))
  await log.checkpoint({ sequence: 60, state: Buffer.from('sixty') })
  expect(textsOf(await readAll(log))).toEqual(texts(100))
  await log.close()
  const again = await opened({ disk: nodeDisk(folder) })
  expect([again.restored, ...again.replayed.values()]).toEqual(['sixty', ...texts(40, 61)])
  expect(await again.log.append(1, Buffer.from('more'))).toBe(101)
  await again.log.close()
  expect(await verifyLog(nodeDisk(folder))).toMatchObject({ records: 101, damage: [], brokenCheckpoints: [] })
})

test.skipIf(process.platform === 'win32')('nobody else may look into the folder', async () => {
  const folder = newFolder()
  const { log } = await opened({ disk: nodeDisk(folder), limits: { ...SMALL, reserveBytes: 4096 } })
  await appendEach(log, texts(60))
  await log.checkpoint({ sequence: 10, state: Buffer.from('ten') })
  await log.close()
  const modes = (paths: readonly string[], isFolder: boolean) =>
    new Set(
      paths
        .map(path => statSync(path))
        .filter(stat => stat.isDirectory() === isFolder)
        .map(({ mode }) => mode & 0o777),
    )
  expect(modes([folder, ...filesIn(folder)], true)).toEqual(new Set([0o700]))
  expect(modes(filesIn(folder), false)).toEqual(new Set([0o600]))
})

test.skipIf(process.platform === 'win32')(
  'a folder that is removed while it is written is a failure, not a place to write to',
  async () => {
    const folder = newFolder()
    const notices: LogNotice[] = []
    const { log } = await opened({ disk: nodeDisk(folder), notice: notice => notices.push(notice) })
    await appendEach(log, ['one'])
    rmSync(folder, { recursive: true })
    await expect(log.append(1, Buffer.from('two'))).rejects.toMatchObject({ code: 'FAILED', outcome: 'unknown' })
    expect(notices).toMatchObject([{ kind: 'failed' }])
    await log.close()
  },
)

test('the room on the device is a number of bytes', async () => {
  expect(await nodeDisk(root).free()).toBeGreaterThan(0)
})
