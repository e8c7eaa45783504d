import { chmodSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { PluribusError } from '@pluribus/core/driver'
import { describe, expect, test } from 'vitest'
import { hello } from '../src/socket/greeting.js'
import { SocketClient } from '../src/socket/socket-client.js'
import { realEnvironment } from './socket-environment.js'

import { connected, opened, path, QUIET, raw, serving, TOKEN, tester, until } from './socket-kit.js'

describe('a service', () => {
  test('answers calls, those that overlap as they are done, whatever their size', async () => {
    const { service, held } = tester()
    await serving(service)
    const { client } = await connected()
    const bytes = Buffer.alloc(8_000_000, 7)
    const first = client.call('hold', undefined)
    expect(bytes.equals((await client.call('echo', bytes)) as Buffer)).toBe(true)
    expect(await client.call('echo', { text: 'é'.repeat(10_000) })).toEqual({ text: 'é'.repeat(10_000) })
    await until(() => held.length === 1)
    held[0]?.release('now')
    expect(await first).toBe('now')
  })

  test('fails as it fails there: code, outcome and details, but not the cause', async () => {
    await serving(tester().service)
    const { client } = await connected()
    const error = await client.call('fail', 1).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(PluribusError)
    expect(error).toMatchObject({
      code: 'CONFLICT',
      message: 'There is one.',
      retryable: false,
      outcome: 'definite',
      details: { a: [1] },
    })
    expect(JSON.stringify(error)).not.toContain('secret')
    await expect(client.call('odd', 1)).rejects.toMatchObject({ code: 'UNKNOWN', message: 'Something else.' })
    await expect(client.call('mute', 1)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })

  test.each(['nothing', '__proto__', 'constructor', 'toString'])('has no method %s', async method => {
    await serving(tester().service)
    const { client } = await connected()
    await expect(client.call(method, 1)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })

  test('tells its clients things, in order, and each its own', async () => {
    const { service, peers } = tester()
    await serving(service)
    const [one, two] = [await connected(), await connected()]
    await Promise.all([one.client.call('echo', 1), two.client.call('echo', 1)])
    for (let index = 0; index < 100; index++) peers[0]?.push('wake', index)
    peers[1]?.push('ended', null)
    await until(() => one.pushed.length === 100 && two.pushed.length === 1)
    expect(one.pushed.map(([, index]) => index)).toEqual(Array.from({ length: 100 }, (_, index) => index))
    expect(two.pushed).toEqual([['ended', null]])
  })

  test('learns that a caller has given up, whose call ends at once', async () => {
    const { service, held } = tester()
    await serving(service)
    const { client } = await connected()
    const controller = new AbortController()
    const call = client.call('hold', 1, controller.signal)
    await until(() => held.length === 1)
    controller.abort(new Error('enough'))
    await expect(call).rejects.toMatchObject({ code: 'ABORTED', cause: { message: 'enough' } })
    await until(() => held[0]?.signal.aborted)
    held[0]?.release('too late')
    expect(await client.call('echo', 2)).toBe(2)
    await expect(client.call('echo', 1, AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' })
  })

  test('makes calls wait until it is there, and refuses them when it never will be', async () => {
    const server = await serving(undefined)
    const { client } = await connected()
    const early = client.call('echo', 'early')
    server.serve(tester().service)
    expect(await early).toBe('early')
    await server.close()
    await expect(client.call('echo', 1)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  test('hears once that a client is gone, after its calls were aborted', async () => {
    const { service, held, closed } = tester()
    await serving(service)
    const { client, lost } = await connected()
    const call = client.call('hold', 1)
    await until(() => held.length === 1)
    client.close()
    await expect(call).rejects.toMatchObject({ code: 'UNAVAILABLE', outcome: 'unknown' })
    await until(() => closed.length === 1)
    expect(held[0]?.signal.aborted).toBe(true)
    expect(lost).toHaveLength(1)
  })

  test('that goes away fails what is under way, with an unknown outcome, and what comes then', async () => {
    const { service, held } = tester()
    const server = await serving(service)
    const { client, lost } = await connected()
    const call = client.call('hold', 1)
    await until(() => held.length === 1)
    const failed = expect(call).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true, outcome: 'unknown' })
    await server.close()
    await failed
    expect(lost).toHaveLength(1)
    await expect(client.call('echo', 1)).rejects.toMatchObject({ code: 'UNAVAILABLE', outcome: 'definite' })
    await expect(connected()).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { reason: 'refused' } })
  })

  test('is for the user alone, and refuses another token, and everybody once it may not answer', async () => {
    let mayAnswer = true
    await serving(tester().service, {
      verify: () => {
        if (!mayAnswer) throw new Error('replaced')
      },
    })
    expect(statSync(path).mode & 0o777).toBe(0o600)
    await expect(connected({ token: TOKEN.replace('0', 'f') })).rejects.toMatchObject({
      code: 'DECODING',
      message: expect.stringContaining('another token'),
    })
    await connected()
    mayAnswer = false
    await expect(connected()).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { reason: 'closed' } })
    chmodSync(path, 0o600)
  })
})

test('versions that differ are told so, on both sides', async () => {
  await serving(tester().service)
  const newer = hello(TOKEN)
  newer.writeUInt32LE(2, 9)
  const { socket, ended } = await raw()
  const chunks: Buffer[] = []
  socket.on('data', chunk => chunks.push(chunk))
  socket.end(newer)
  await ended
  expect(Buffer.concat(chunks).toString('latin1')).toContain('UNSUPPORTED')
  const server = createServer(other => {
    other.on('error', () => {})
    other.write(Buffer.from([5, 0, 0, 0, 2, 2, 0, 0, 0]))
  })
  await new Promise<void>(resolve => server.listen({ path: `${path}2` }, resolve))
  opened.push({ close: () => server.close() })
  const options = { environment: realEnvironment, token: TOKEN, timeout: QUIET, push: () => {}, lost: () => {} }
  await expect(SocketClient.connect(`${path}2`, options)).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    details: { version: 2 },
  })
})
