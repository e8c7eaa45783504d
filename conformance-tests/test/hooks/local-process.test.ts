import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { localProcess } from '../../src/index.js'
import { Client } from './echo.js'

const freePort = (): Promise<number> =>
  new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

const ECHO =
  'require("node:net").createServer(socket => socket.pipe(socket).on("error", () => {})).listen(process.argv[1], "127.0.0.1")'

test('starts, freezes, resumes, stops, kills and wipes', async () => {
  const address = { host: '127.0.0.1', port: await freePort() }
  const dataDirectory = mkdtempSync(join(tmpdir(), 'pluribus-process-'))
  writeFileSync(join(dataDirectory, 'data'), 'x')
  const broker = localProcess({
    command: process.execPath,
    args: ['-e', ECHO, String(address.port)],
    address,
    dataDirectory,
  })
  expect(broker.isRunning).toBe(false)
  await broker.start()
  await broker.start()
  const one = new Client(address)
  one.send(1)
  await one.receives(1)
  await broker.freeze()
  one.send(1)
  await sleep(60)
  expect(one.received).toBe(1)
  await broker.resume()
  await one.receives(2)
  await expect(broker.wipe?.()).rejects.toThrow(/stop it before/)
  await broker.stop()
  await one.closed
  await expect(new Client(address).connected).rejects.toThrow(/ECONNREFUSED/)
  await broker.wipe?.()
  expect(existsSync(dataDirectory)).toBe(false)
  await broker.start()
  await broker.freeze()
  await broker.kill()
  expect(broker.isRunning).toBe(false)
  await broker.kill()
})

test('what ends before it listens says why, and so does what is not there', async () => {
  const address = { host: '127.0.0.1', port: await freePort() }
  const dies = localProcess({ command: process.execPath, args: ['-e', 'throw new Error("no licence")'], address })
  await expect(dies.start()).rejects.toThrow(/has ended \(1\)[\s\S]*no licence/)
  await expect(localProcess({ command: 'no-such-broker', address }).start()).rejects.toThrow(/cannot be started/)
  const deaf = localProcess({
    command: process.execPath,
    args: ['-e', 'setInterval(() => {}, 1000)'],
    address,
    patience: 300,
  })
  await expect(deaf.start()).rejects.toThrow(/accepts no connections after 300 ms/)
  await deaf.kill()
})
