import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PluribusError } from '@pluribus/core/driver'
import { afterEach, beforeEach, vi } from 'vitest'
import { encodeFrame, MAX_FRAME, REQUEST } from '../src/socket/frame.js'
import type { PlainValue } from '../src/socket/plain-value.js'
import type { Peer, Service } from '../src/socket/service.js'
import { SocketClient } from '../src/socket/socket-client.js'
import { SocketServer } from '../src/socket/socket-server.js'
import { realEnvironment } from './socket-environment.js'

/** What the tests of the socket share: a folder for each, and what was opened is closed. */
export const TOKEN = '0123456789abcdef0123456789abcdef'
/** Longer than a test may take. */
export const QUIET = 100_000

let folder: string
/** Of a socket that nobody listens on yet. */
export let path: string
export const opened: { close(): unknown }[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pluribus-socket-'))
  path = join(folder, 's')
})

afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close()
  rmSync(folder, { recursive: true })
})

interface Held {
  readonly signal: AbortSignal
  readonly release: (value: PlainValue) => void
}

/** A service that does a little of everything, and what it went through. */
export function tester() {
  const held: Held[] = []
  const peers: Peer[] = []
  const closed: unknown[] = []
  const service: Service = peer => {
    peers.push(peer)
    return {
      methods: {
        echo: argument => argument,
        hold: (_, signal) => new Promise(release => held.push({ signal, release })),
        fail: () => {
          throw new PluribusError('CONFLICT', 'There is one.', {
            details: { a: [1] },
            outcome: 'definite',
            cause: new Error('secret'),
          })
        },
        odd: () => {
          throw new TypeError('Something else.')
        },
        mute: () => new Map() as unknown as PlainValue,
      },
      closed: cause => closed.push(cause),
    }
  }
  return { service, held, peers, closed }
}

export async function serving(service: Service | undefined, options: { timeout?: number; verify?: () => void } = {}) {
  const server = await SocketServer.listen(path, {
    environment: realEnvironment,
    token: TOKEN,
    timeout: QUIET,
    verify: () => {},
    ...options,
  })
  opened.push(server)
  if (service !== undefined) server.serve(service)
  return server
}

export async function connected(options: { token?: string; timeout?: number } = {}) {
  const pushed: [string, PlainValue][] = []
  const lost: unknown[] = []
  const client = await SocketClient.connect(path, {
    environment: realEnvironment,
    token: TOKEN,
    timeout: QUIET,
    push: (name, argument) => pushed.push([name, argument]),
    lost: cause => lost.push(cause),
    ...options,
  })
  opened.push(client)
  return { client, pushed, lost }
}

/** A client that says what it likes. */
export async function raw(): Promise<{
  readonly socket: Socket
  readonly ended: Promise<void>
  readonly received: () => number
}> {
  const socket = connect({ path })
  let received = 0
  socket.on('error', () => {})
  socket.on('data', chunk => {
    received += chunk.length
  })
  const ended = new Promise<void>(resolve => socket.once('close', () => resolve()))
  opened.push({ close: () => socket.destroy() })
  await new Promise<void>(resolve => socket.once('connect', () => resolve()))
  return { socket, ended, received: () => received }
}

export const request = (id: number, ...call: PlainValue[]) =>
  encodeFrame(REQUEST, MAX_FRAME, body => {
    body.u32(id)
    body.value(call)
  })

export const until = <T>(condition: () => T) => vi.waitUntil(condition, { timeout: 20_000, interval: 5 })
