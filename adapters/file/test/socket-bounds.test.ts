import { createServer, type Server } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_QUEUED } from '../src/socket/channel.js'
import { encodeFrame, PUSH, REQUEST } from '../src/socket/frame.js'
import { hello } from '../src/socket/greeting.js'
import { MAX_CALLS } from '../src/socket/server-connection.js'
import { SocketClient } from '../src/socket/socket-client.js'
import { MAX_CLIENTS } from '../src/socket/socket-server.js'
import { realEnvironment } from './socket-environment.js'

import { connected, opened, path, raw, request, serving, TOKEN, tester, until } from './socket-kit.js'

describe('bounds', () => {
  test('calls beyond those that may be under way are refused, definitely, and others go on', async () => {
    const { service, held } = tester()
    await serving(service)
    const { client } = await connected()
    const calls = Array.from({ length: MAX_CALLS }, () => client.call('hold', 1))
    await expect(client.call('hold', 1)).rejects.toMatchObject({ code: 'OVERLOADED', outcome: 'definite' })
    await until(() => held.length === MAX_CALLS)
    for (const { release } of held) release('done')
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['done']))
  })

  test('a client that is one too many is told so', async () => {
    await serving(tester().service)
    for (let count = 0; count < MAX_CLIENTS; count++) await raw()
    await expect(connected()).rejects.toMatchObject({ code: 'OVERLOADED', retryable: true })
  })

  test('a server that is asked for more than that answers so, by itself', async () => {
    const { service, held } = tester()
    await serving(service)
    const { socket, ended, received } = await raw()
    socket.write(hello(TOKEN))
    for (let id = 1; id <= MAX_CALLS + 5; id++) socket.write(request(id, 'hold', 1))
    await until(() => held.length === MAX_CALLS && received() > 500)
    expect(socket.destroyed).toBe(false)
    socket.destroy()
    await ended
    await until(() => held.every(({ signal }) => signal.aborted))
  })

  test('a client that does not read is cut off, and what waits for it stays bounded', async () => {
    const { service, closed } = tester()
    await serving(service)
    const { socket, ended } = await raw()
    socket.write(hello(TOKEN))
    await until(() => socket.bytesRead > 0)
    socket.pause()
    const bytes = Buffer.alloc(4_000_000)
    for (let id = 0; id < 2 + MAX_QUEUED / bytes.length; id++) socket.write(request(id, 'echo', bytes))
    await until(() => closed.length === 1)
    expect(closed[0]).toMatchObject({ code: 'OVERLOADED' })
    socket.resume()
    await ended
  })

  test('a server that does not read makes calls fail before they are sent', async () => {
    const server: Server = createServer(socket => {
      socket.on('error', () => {})
      socket.once('data', () => {
        socket.write(Buffer.from([5, 0, 0, 0, 2, 1, 0, 0, 0]))
        socket.pause()
      })
    })
    await new Promise<void>(resolve => server.listen({ path }, resolve))
    opened.push({ close: () => server.close() })
    const { client } = await connected()
    const refused: unknown[] = []
    for (let index = 0; index < 4 + MAX_QUEUED / 16_000_000; index++) {
      client.call('x', Buffer.alloc(16_000_000)).catch((error: unknown) => refused.push(error))
    }
    await until(() => refused.length > 0)
    expect(refused[0]).toMatchObject({ code: 'OVERLOADED', outcome: 'definite' })
    client.close()
  })

  test('whoever is silent is noticed, on both sides, and whoever only waits is not', async () => {
    const { service, closed } = tester()
    await serving(service, { timeout: 400 })
    const { ended } = await raw()
    const patient = await connected({ timeout: 400 })
    const call = patient.client.call('hold', 1)
    await ended
    const frozen: Server = createServer(socket => socket.on('error', () => {}))
    await new Promise<void>(resolve => frozen.listen({ path: `${path}2` }, resolve))
    opened.push({ close: () => frozen.close() })
    const options = { environment: realEnvironment, token: TOKEN, timeout: 400, push: () => {}, lost: () => {} }
    await expect(SocketClient.connect(`${path}2`, options)).rejects.toMatchObject({
      code: 'TIMEOUT',
      details: { reason: 'silent' },
    })
    expect([closed, patient.lost]).toEqual([[], []])
    patient.client.close()
    await expect(call).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })
})

describe('whoever does not keep to the protocol is cut off, and others are served', () => {
  const strangers: readonly (readonly [string, readonly Buffer[]])[] = [
    ['an HTTP request', [Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')]],
    ['a TLS hello', [Buffer.from('16030100a5010000a10303', 'hex')]],
    ['a long frame before it is known', [Buffer.from([0xff, 0xff, 0, 0])]],
    ['a call before it is known', [request(1, 'echo', 1)]],
    ['half of a greeting of another length', [hello('short')]],
    ['a greeting twice', [hello(TOKEN), hello(TOKEN)]],
    ['a frame of 4 GiB', [hello(TOKEN), Buffer.from([0xff, 0xff, 0xff, 0xff])]],
    ['a frame of nothing', [hello(TOKEN), Buffer.alloc(4)]],
    ['what only servers send', [hello(TOKEN), encodeFrame(PUSH, 100, body => body.value(['a', 1]))]],
    ['a call that is none', [hello(TOKEN), encodeFrame(REQUEST, 100, body => body.u32(1))]],
    ['a call without a method', [hello(TOKEN), request(1, 7)]],
    ['a call under an id that is taken', [hello(TOKEN), request(1, 'hold', 1), request(1, 'echo', 1)]],
  ]

  test.each(strangers)('%s', async (_, frames) => {
    await serving(tester().service)
    const { client } = await connected()
    const { socket, ended } = await raw()
    for (const frame of frames) socket.write(frame)
    await ended
    expect(await client.call('echo', 'still here')).toBe('still here')
  })

  test('arbitrary frames in arbitrary order and pieces', async () => {
    const { service } = tester()
    await serving(service)
    const { client } = await connected()
    const anyFrame = fc.oneof(
      fc.constant(hello(TOKEN)),
      fc.uint8Array({ maxLength: 60 }).map(bytes => Buffer.from(bytes)),
      fc
        .tuple(fc.nat(3), fc.constantFrom('echo', 'fail', 'none'), fc.anything())
        .map(([id, name]) => request(id, name, id)),
      fc.tuple(fc.integer({ min: 0, max: 12 }), fc.uint8Array({ maxLength: 30 })).map(([type, bytes]) =>
        encodeFrame(type, 100, body => {
          for (const byte of bytes) body.byte(byte)
        }),
      ),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.array(anyFrame, { maxLength: 12 }),
        fc.integer({ min: 1, max: 50 }),
        async (greets, frames, cut) => {
          const { socket, ended } = await raw()
          const bytes = Buffer.concat(greets ? [hello(TOKEN), ...frames] : frames)
          for (let at = 0; at < bytes.length; at += cut) socket.write(bytes.subarray(at, at + cut))
          socket.end()
          await ended
          expect(await client.call('echo', 1)).toBe(1)
        },
      ),
      { numRuns: 150 },
    )
  })
})
