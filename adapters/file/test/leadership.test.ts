import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PluribusError } from '@pluribus/core/driver'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { hasEnded } from '../src/leadership/ended.js'
import { explainFolderError, trustIn } from '../src/leadership/file-system.js'
import { FolderLeadership, type Follower, type LeadershipOptions } from '../src/leadership/folder-leadership.js'
import { Leader } from '../src/leadership/leader.js'
import { decodeLockNote, encodeLockNote, type LockNote } from '../src/leadership/lock-note.js'
import { NodeLockFolder } from '../src/leadership/node-lock-folder.js'
import { socketAddress } from '../src/leadership/socket-address.js'
import { welcome } from '../src/socket/greeting.js'
import type { Service } from '../src/socket/service.js'
import { realEnvironment } from './socket-environment.js'

const NOTE: LockNote = {
  token: '0'.repeat(32),
  socket: `s.${'0'.repeat(16)}`,
  origin: 'a'.repeat(32),
  pid: process.pid,
  host: 'here',
}
const ECHO: Service = () => ({ methods: { echo: argument => argument }, closed: () => {} })

let folder: string
const opened: { close(): unknown }[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pluribus-leaders-'))
})

afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close()
  rmSync(folder, { recursive: true, force: true })
})

const locksOf = (path = join(folder, 'leaders')) =>
  readdirSync(path)
    .filter(name => name.startsWith('lock.'))
    .sort()
const until = <T>(condition: () => T) => vi.waitUntil(condition, { timeout: 20_000, interval: 5 })

async function joined(options: Partial<LeadershipOptions> = {}) {
  const lost: unknown[] = []
  const leadership = new FolderLeadership({
    folder,
    environment: realEnvironment,
    idle: realEnvironment,
    leaderTimeout: 20_000,
    unsafeFilesystem: false,
    floor: async () => 0,
    explain: error => error,
    ...options,
  })
  const join = async () => {
    const result = await leadership.join({ push: () => {}, lost: cause => lost.push(cause) })
    opened.push(result instanceof Leader ? result : result.client)
    return result
  }
  return { result: await join(), lost, join }
}

const asLeader = ({ result }: { readonly result: Leader | Follower }): Leader => {
  if (!(result instanceof Leader)) throw new Error('This was to lead, and follows.')
  return result
}

const asFollower = ({ result }: { readonly result: Leader | Follower }): Follower => {
  if (result instanceof Leader) throw new Error('This was to follow, and leads.')
  return result
}

/** A lock that somebody has left: its socket is what `listens` makes of it. */
async function abandoned(generation: number, note = NOTE): Promise<void> {
  const locks = await NodeLockFolder.open(join(folder, 'leaders'), false)
  const claim = await locks.prepare(note)
  expect(await locks.link(claim, generation)).toBe(true)
  await locks.discard(claim)
  await locks.close()
}

describe('joining a folder', () => {
  test('the first leads, the others use it through the first, and one of them leads when it ends', async () => {
    const first = asLeader(await joined())
    first.serve(ECHO)
    const [second, third] = await Promise.all([joined(), joined()])
    expect(await asFollower(second).client.call('echo', 'a')).toBe('a')
    expect(asFollower(third).generation).toBe(1)
    await first.close()
    await until(() => second.lost.length === 1 && third.lost.length === 1)
    const again = await Promise.all([second.join(), third.join()])
    expect(again.map(({ role }) => role).sort()).toEqual(['follower', 'leader'])
    expect(again.map(({ generation }) => generation)).toEqual([2, 2])
  })

  test('of many that begin at once one leads', async () => {
    const all = await Promise.all(Array.from({ length: 12 }, () => joined()))
    expect(all.filter(({ result }) => result.role === 'leader')).toHaveLength(1)
    expect(locksOf()).toEqual(['lock.00000001'])
    expect(readdirSync(join(folder, 'leaders'))).toHaveLength(2)
  })

  test('everything there is for this user alone', async () => {
    await joined()
    const path = join(folder, 'leaders')
    expect(statSync(path).mode & 0o777).toBe(0o700)
    for (const name of readdirSync(path)) expect(statSync(join(path, name)).mode & 0o777, name).toBe(0o600)
  })

  test('generations are higher than any that has left something, and the id of the folder stays', async () => {
    const first = asLeader(await joined())
    expect(() => first.verify()).not.toThrow()
    await first.close()
    const second = asLeader(await joined({ floor: async () => 4 }))
    expect([first.generation, second.generation]).toEqual([1, 5])
    expect(second.origin).toEqual(first.origin)
    expect(first.origin).toHaveLength(16)
    // Nobody who holds an older one may find it, since the one behind it is missing.
    expect(locksOf()).toEqual(['lock.00000005'])
  })

  test('a lock of a process that has ended is nothing, though another has its number now', async () => {
    await abandoned(7)
    expect(asLeader(await joined()).generation).toBe(8)
  })

  test('a lock that cannot be read is that of a machine that failed', async () => {
    mkdirSync(join(folder, 'leaders'), { mode: 0o700 })
    writeFileSync(join(folder, 'leaders', 'lock.00000003'), '{"format":1,"tok')
    expect(asLeader(await joined()).generation).toBe(4)
  })

  test('a lock of a later version is refused', async () => {
    mkdirSync(join(folder, 'leaders'), { mode: 0o700 })
    writeFileSync(join(folder, 'leaders', 'lock.00000003'), '{"format":2}')
    await expect(joined()).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })

  test('the last sixteen locks stay', async () => {
    for (let round = 0; round < 20; round++) await asLeader(await joined()).close()
    expect(locksOf().map(name => Number.parseInt(name.slice(5), 16))).toEqual(
      Array.from({ length: 16 }, (_, index) => index + 5),
    )
  })

  test('sockets and notes that were left behind go, those of processes that live, or only start, stay', async () => {
    const path = join(folder, 'leaders')
    const living = asLeader(await joined())
    const id = (digit: string) => digit.repeat(16)
    for (const name of [`s.${id('1')}`, `c.${id('1')}`, `c.${id('2')}`, `s.${id('3')}`])
      writeFileSync(join(path, name), '')
    const server = createServer()
    await new Promise<void>(resolve => server.listen({ path: join(path, `s.${id('4')}`) }, resolve))
    opened.push({ close: () => server.close() })
    for (const digit of ['s.1', 'c.1', 'c.2', 's.4'])
      utimesSync(join(path, `${digit[0]}.${id(digit[2] as string)}`), 1, 1)
    await living.close()
    const next = asLeader(await joined())
    const rest = readdirSync(path).filter(name => !name.startsWith('lock.'))
    expect(rest.sort()).toEqual([`s.${id('3')}`, `s.${id('4')}`, decodeNoteOf(next.generation).socket].sort())
  })
})

const decodeNoteOf = (generation: number): LockNote => {
  const text = readFileSync(join(folder, 'leaders', `lock.${generation.toString(16).padStart(8, '0')}`), 'utf8')
  return decodeLockNote(text) as LockNote
}

describe('a leader that does not answer', () => {
  /** Listens as a process does that was stopped: the system takes connections, and nobody reads them. */
  async function frozen(generation: number) {
    await abandoned(generation)
    const sockets: { destroy(): void }[] = []
    const server = createServer(socket => {
      sockets.push(socket)
      socket.on('error', () => {})
    })
    await new Promise<void>(resolve => server.listen({ path: join(folder, 'leaders', NOTE.socket) }, resolve))
    opened.push({
      close: () => {
        for (const socket of sockets) socket.destroy()
        server.close()
      },
    })
    return { asked: () => sockets.length }
  }

  test('is replaced after the time that it is given, and not before', async () => {
    const { asked } = await frozen(5)
    const begun = performance.now()
    expect(asLeader(await joined({ leaderTimeout: 500 })).generation).toBe(6)
    expect(performance.now() - begun).toBeGreaterThanOrEqual(490)
    expect(asked()).toBe(1)
  })

  test('and that has been silent before is given a fifth of it', async () => {
    await abandoned(5)
    const sockets: Socket[] = []
    const server = createServer(socket => {
      sockets.push(socket)
      socket.on('error', () => {})
      if (sockets.length === 1) socket.write(welcome())
    })
    await new Promise<void>(resolve => server.listen({ path: join(folder, 'leaders', NOTE.socket) }, resolve))
    opened.push({ close: () => server.close() })
    const waits: number[] = []
    const timers = {
      ...realEnvironment.timers,
      setTimeout: (callback: () => void, ms: number) => {
        waits.push(ms)
        return realEnvironment.timers.setTimeout(callback, ms)
      },
    }
    const second = await joined({ leaderTimeout: 500, environment: { ...realEnvironment, timers } })
    expect(asFollower(second).generation).toBe(5)
    await until(() => second.lost.length === 1)
    expect(second.lost[0]).toMatchObject({ code: 'TIMEOUT' })
    expect(new Set(waits.splice(0))).toEqual(new Set([100]))
    expect((await second.join()).role).toBe('leader')
    expect(waits.slice(0, 5)).toEqual([20, 20, 20, 20, 20])
    for (const socket of sockets) socket.destroy()
  })

  test('finds out when it goes on: by verifying, and by itself where it has nothing to do', async () => {
    const old = await joined({ leaderTimeout: 200 })
    expect(() => asLeader(old).verify()).not.toThrow()
    await abandoned(2)
    expect(() => asLeader(old).verify()).toThrow(expect.objectContaining({ code: 'UNAVAILABLE', retryable: true }))
    await until(() => old.lost.length === 1)
    expect(existsSync(join(folder, 'leaders', decodeNoteOf(1).socket))).toBe(false)
  })

  test('turns away those who come with its token', async () => {
    const old = asLeader(await joined())
    const note = decodeNoteOf(1)
    await abandoned(2, { ...note })
    expect(() => old.verify()).toThrow()
    const next = await joined({ leaderTimeout: 300 })
    expect(asLeader(next).generation).toBe(3)
  })
})

describe('a folder that goes', () => {
  test.each(['removed', 'moved', 'replaced'])('is noticed by its leader when it is %s', async what => {
    const leader = asLeader(await joined())
    const path = join(folder, 'leaders')
    if (what === 'removed') rmSync(path, { recursive: true })
    else renameSync(path, join(folder, 'elsewhere'))
    if (what === 'replaced') await abandoned(1)
    expect(() => leader.verify()).toThrow(
      expect.objectContaining({ code: 'UNAVAILABLE', message: expect.stringContaining('gone') }),
    )
  })

  test('and comes back elsewhere is led there, by a higher generation', async () => {
    const old = asLeader(await joined())
    renameSync(folder, `${folder}-moved`)
    const before = folder
    folder = `${folder}-moved`
    const next = asLeader(await joined())
    expect(next.generation).toBe(2)
    expect(() => old.verify()).toThrow()
    expect(existsSync(before)).toBe(false)
  })
})

describe('a folder that cannot be trusted', () => {
  test.each([0o770, 0o707, 0o755])('is refused with the mode %o', async mode => {
    mkdirSync(join(folder, 'leaders'))
    chmodSync(join(folder, 'leaders'), mode)
    await expect(joined()).rejects.toMatchObject({
      code: 'INVALID_CONFIGURATION',
      message: expect.stringContaining('0700'),
    })
  })

  test('has a file system of a kind that is known', () => {
    expect([0xef53, 0x9123683e, 0x58465342, 0x794c7630].map(type => trustIn(type, 'linux'))).toEqual(
      Array(4).fill('local'),
    )
    expect([0x6969, 0xff534d42, -11_317_950, 0x01021997, 0x65735546].map(type => trustIn(type, 'linux'))).toEqual(
      Array(5).fill('shared'),
    )
    expect(trustIn(0x01021994, 'linux')).toBe('memory')
    expect(trustIn(0x6969, 'darwin')).toBe('local')
  })

  test.each([
    ['EROFS', 'UNAUTHORIZED'],
    ['EACCES', 'UNAUTHORIZED'],
    ['EPERM', 'UNSUPPORTED'],
    ['ENOSPC', 'UNAVAILABLE'],
  ])('%s is %s', (code, expected) => {
    const cause = Object.assign(new Error(code), { code })
    expect(explainFolderError('/a', cause)).toMatchObject({
      code: expected,
      cause,
      message: expect.stringContaining('/a'),
    })
  })

  test('that nobody may write to, or that is a file, or a link, says so', async () => {
    await expect(joined({ folder: '/sys/kernel' })).rejects.toMatchObject({ code: expect.stringMatching(/^UN/) })
    writeFileSync(join(folder, 'file'), '')
    await expect(joined({ folder: join(folder, 'file') })).rejects.toMatchObject({ code: 'INVALID_CONFIGURATION' })
    mkdirSync(join(folder, 'real'), { mode: 0o700 })
    symlinkSync(join(folder, 'real'), join(folder, 'leaders'))
    await expect(joined()).rejects.toMatchObject({ code: 'INVALID_CONFIGURATION' })
  })

  test('has a lock that is no file: it is damaged, and nobody waits for it', async () => {
    const path = join(folder, 'leaders')
    mkdirSync(path, { mode: 0o700 })
    execFileSync('mkfifo', [join(path, 'lock.00000002')])
    expect(asLeader(await joined()).generation).toBe(3)
    writeFileSync(join(path, 'lock.00000009'), encodeLockNote(NOTE) + ' '.repeat(5000))
    const locks = await NodeLockFolder.open(path, false)
    opened.push(locks)
    expect(await locks.read(9)).toBe('damaged')
    expect(await locks.read(8)).toBeUndefined()
  })

  test.each([
    ['local', 'elsewhere', 'refused', true],
    ['memory', 'elsewhere', 'refused', true],
    ['shared', 'here', 'refused', true],
    ['shared', 'elsewhere', 'closed', false],
    ['local', 'here', 'closed', false],
  ] as const)('%s, its lock from %s: a socket that has %s means %s', (trust, host, reason, expected) => {
    const error = new PluribusError('UNAVAILABLE', 'no', { details: { reason } })
    expect(hasEnded({ path: '/a', trust, host: 'here' }, { ...NOTE, host }, error)).toBe(expected)
  })

  test('is left to a person where another machine may have it, and cannot be asked', () => {
    const error = new PluribusError('UNAVAILABLE', 'no', { details: { reason: 'refused' } })
    const ask = () => hasEnded({ path: '/a', trust: 'shared', host: 'here' }, { ...NOTE, host: 'elsewhere' }, error)
    expect(ask).toThrow(expect.objectContaining({ code: 'CONFLICT', details: { host: 'elsewhere', pid: NOTE.pid } }))
  })

  test.each(['UNSUPPORTED', 'OVERLOADED'] as const)('is not taken from a leader that says %s', code => {
    const error = new PluribusError(code, 'no')
    expect(() => hasEnded({ path: '/a', trust: 'local', host: 'here' }, NOTE, error)).toThrow(error)
  })
})

describe('sockets whose paths are long', () => {
  test.each([1, 80, 95, 110, 150])('are led and followed with %d characters more', async length => {
    const deep = join(folder, 'd'.repeat(length))
    const leader = asLeader(await joined({ folder: deep }))
    leader.serve(ECHO)
    expect(await asFollower(await joined({ folder: deep })).client.call('echo', length)).toBe(length)
    const found = readdirSync(join(deep, 'leaders')).filter(name => name.startsWith('s.'))
    expect(found).toHaveLength(1)
    await leader.close()
    expect(readdirSync(join(deep, 'leaders'))).toEqual(['lock.00000001'])
  })

  test('are refused where there is no other way, are pipes on Windows, and bytes are counted', () => {
    const long = `/tmp/${'é'.repeat(50)}`
    expect(() => socketAddress(long, 3, 's.0', 'darwin')).toThrow(
      expect.objectContaining({ code: 'INVALID_CONFIGURATION' }),
    )
    expect(socketAddress(long, 3, 's.0', 'linux')).toBe('/proc/self/fd/3/s.0')
    expect(socketAddress('/tmp/a', 3, 's.0', 'linux')).toBe('/tmp/a/s.0')
    expect(socketAddress(long, 3, 's.0', 'win32')).toMatch(/^\\\\\.\\pipe\\pluribus-[0-9a-f]{32}$/)
  })
})

test('notes that are no notes are damaged', () => {
  expect(decodeLockNote(encodeLockNote(NOTE))).toEqual(NOTE)
  for (const change of [{ token: 'short' }, { socket: '../../etc/passwd' }, { socket: 's.0' }, { origin: 7 }]) {
    expect(decodeLockNote(JSON.stringify({ format: 1, ...NOTE, ...change }))).toBeUndefined()
  }
  for (const text of ['', 'null', '[]', '7', '{}', '{"format":1}']) expect(decodeLockNote(text)).toBeUndefined()
})
