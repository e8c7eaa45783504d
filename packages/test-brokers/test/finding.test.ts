import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findBroker, findOrBlock, MissingBroker } from '../src/index.ts'
import type { Machine } from '../src/machine/machine.ts'
import { findOwner } from '../src/machine/owner.ts'
import { parseStat } from '../src/supervision/process-tree.ts'

/** A machine without servers; where it may install them, they come with the package that brings this program. */
function bare(changes: Partial<Machine> = {}): Machine & { readonly commands: string[] } {
  const commands: string[] = []
  return {
    commands,
    which: program => (commands.some(command => command.includes(`install`)) ? `/bin/${program}` : undefined),
    run: async (file, args) => {
      commands.push([file, ...args].join(' '))
      return 'Redis server v=7.0.15 sha=0'
    },
    mayInstall: false,
    mayFetch: false,
    isRoot: true,
    owner: () => undefined,
    cache: '/nowhere',
    ...changes,
  }
}

test('one line says what is missing', async () => {
  const error = await findBroker('redis', bare()).catch((error: unknown) => error)
  expect(error).toBeInstanceOf(MissingBroker)
  expect(String(error)).toBe(
    'MissingBroker: redis cannot run here: there is no redis-server; install it (Debian: apt-get install redis-server).',
  )
})

test('a Debian package is installed where that is allowed', async () => {
  const machine = bare({ mayInstall: true })
  expect(await findBroker('redis', machine)).toMatchObject({
    version: '7.0.15',
    programs: { server: '/bin/redis-server' },
  })
  expect(machine.commands).toContain('apt-get install -y -qq --no-install-recommends redis-server')
})

test('what cannot be installed is missing', async () => {
  const offline = bare({ mayInstall: true, run: () => Promise.reject(new Error('no network')) })
  await expect(findBroker('nats', offline)).rejects.toThrow(
    /nats cannot run here: apt-get could not install nats-server/,
  )
  const useless = bare({ mayInstall: true, which: () => undefined })
  await expect(findBroker('nats', useless)).rejects.toThrow(/has brought no nats-server/)
})

test('a missing broker blocks its tests, and fails them with CI=true', async () => {
  expect(await findOrBlock('redis', bare(), {})).toBeUndefined()
  await expect(findOrBlock('redis', bare(), { CI: 'true' })).rejects.toBeInstanceOf(MissingBroker)
  const broken = bare({ which: () => '/bin/false', run: () => Promise.reject(new Error('exit 1')) })
  await expect(findOrBlock('redis', broken, {})).rejects.toThrow('exit 1')
})

test('NATS before 2.10 says what its acknowledgement does not survive', async () => {
  const having = (version: string) =>
    bare({ which: () => '/bin/nats-server', run: async () => `nats-server: v${version}` })
  expect((await findBroker('nats', having('2.9.10'))).caveat).toMatch(/before 2\.10\.0/)
  expect((await findBroker('nats', having('2.10.0'))).caveat).toBeUndefined()
})

test("Kafka's jars are fetched where that is allowed, and their absence is said", async () => {
  const cache = mkdtempSync(join(tmpdir(), 'pluribus-cache-'))
  try {
    const having = { which: (program: string) => `/bin/${program}`, cache }
    await expect(findBroker('kafka', bare(having))).rejects.toThrow(
      /kafka cannot run here: its jars are not fetched yet/,
    )
    const offline = bare({ ...having, mayFetch: true, run: () => Promise.reject(new Error('no network')) })
    await expect(findBroker('kafka', offline)).rejects.toThrow(/Maven could not bring its jars/)
    expect(readdirSync(cache)).toEqual([])
    const run: Machine['run'] = async (_, args) => {
      const output = args.find(arg => arg.startsWith('-DoutputDirectory='))?.split('=')[1] ?? ''
      mkdirSync(output)
      writeFileSync(join(output, 'kafka.jar'), '')
      return ''
    }
    const { programs } = await findBroker('kafka', bare({ ...having, mayFetch: true, run }))
    expect(readdirSync(programs.jars as string)).toEqual(['kafka.jar'])
    expect(readdirSync(cache)).toHaveLength(1)
  } finally {
    rmSync(cache, { recursive: true })
  }
})

test('reads users and processes', () => {
  const passwd = 'root:x:0:0:root:/root:/bin/sh\npostgres:x:101:104::/var:/bin/sh\n'
  expect(findOwner(passwd, ['_postgres', 'postgres'])).toEqual({ uid: 101, gid: 104 })
  expect(findOwner(passwd, ['nobody'])).toBeUndefined()
  const rest = '0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 777 8'
  expect(parseStat(`42 (a (b) c) S 7 41 41 ${rest}`)).toEqual({ pid: 42, parent: 7, group: 41, started: '777' })
  expect(parseStat(`42 (gone) Z 7 41 41 ${rest}`)).toBeUndefined()
})
