import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Address } from '../../src/hooks/address.js'
import { FaultProxy } from '../../src/hooks/fault-proxy.js'
import { Client, echoServer } from './echo.js'

/** Long enough for bytes to come if they can: what is tested is that they do not. */
const QUIET = 60

let server: Awaited<ReturnType<typeof echoServer>>
let proxy: FaultProxy
let at: Address

beforeEach(async () => {
  server = await echoServer()
  proxy = new FaultProxy(server.address)
  at = await proxy.listen()
})

afterEach(async () => {
  await proxy.close()
  server.close()
})

async function client(): Promise<Client> {
  const made = new Client(at)
  await made.connected
  made.send(1)
  await made.receives(1)
  return made
}

describe('the fault proxy', () => {
  test('passes bytes both ways, counts them, and passes an orderly end on', async () => {
    const one = await client()
    one.send(100_000)
    await one.receives(100_001)
    expect([proxy.connections, proxy.accepted, proxy.bytes]).toEqual([1, 1, { up: 100_001, down: 100_001 }])
    one.socket.end()
    await one.closed
    expect(one.ending).toBe('FIN')
  })

  test('cut: a reset, at once; later connections are whole', async () => {
    const one = await client()
    expect(proxy.cut()).toBe(1)
    await one.closed
    expect(one.ending).toBe('ECONNRESET')
    expect(proxy.connections).toBe(0)
    await client()
    expect(proxy.accepted).toBe(2)
  })

  test('black hole: nothing comes, and nobody is told, whoever ends', async () => {
    const one = await client()
    proxy.blackhole()
    one.send(10)
    server.close()
    await sleep(QUIET)
    expect([one.received, one.ending, one.socket.destroyed]).toEqual([1, undefined, false])
    const late = new Client(at)
    await late.connected
    late.send(1)
    await sleep(QUIET)
    expect([late.received, late.ending]).toEqual([0, undefined])
    await proxy.restore()
    await one.closed
    expect(one.ending).toBeDefined()
  })

  test('black hole of one direction: the broker hears, and cannot answer; what was held comes later', async () => {
    const one = await client()
    proxy.blackhole('down')
    one.send(10)
    await sleep(QUIET)
    expect([server.heard(), one.received]).toEqual([11, 1])
    await proxy.restore()
    await one.receives(11)
  })

  test('dropped replies are gone for good', async () => {
    const one = await client()
    proxy.dropReplies()
    one.send(10)
    await sleep(QUIET)
    expect([server.heard(), one.received]).toEqual([11, 1])
    await proxy.restore()
    one.send(5)
    await one.receives(6)
    await sleep(QUIET)
    expect(one.received).toBe(6)
  })

  test('delay and rate', async () => {
    const one = await client()
    proxy.delay(40)
    one.send(1)
    expect(await one.receives(2)).toBeGreaterThan(75)
    await proxy.restore()
    proxy.throttle(100_000)
    one.send(10_000)
    expect(await one.receives(10_002)).toBeGreaterThan(95)
  })

  test('cut after so many bytes: those arrive, and no more', async () => {
    const one = await client()
    proxy.cutAfter(7, 'down')
    one.send(20)
    await one.closed
    expect([one.received, one.ending]).toEqual([8, 'ECONNRESET'])
    const next = new Client(at)
    await next.connected
    next.send(20)
    await next.closed
    expect(next.received).toBe(7)
  })

  test('refuse: as if nobody listened, until it is restored on the same port', async () => {
    const one = await client()
    await proxy.refuse()
    await expect(new Client(at).connected).rejects.toThrow(/ECONNREFUSED/)
    one.send(1)
    await one.receives(2)
    await proxy.restore()
    await client()
  })
})
