import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest'
import { BROKER_KINDS, brokerControl, findOrBlock, startBroker, type TestBroker } from '../src/index.ts'
import { RECIPES } from '../src/recipes/index.ts'
import { CONTENTS } from './contents/index.ts'

/** Generous: a server may have to be started on a machine that has much else to do. */
const PATIENCE = 180_000

for (const kind of BROKER_KINDS) {
  const installation = await findOrBlock(kind)

  describe.skipIf(installation === undefined)(`a private ${kind}`, { timeout: PATIENCE }, () => {
    let broker: TestBroker
    const { store, isThere } = CONTENTS[kind]
    const probe = () =>
      RECIPES[kind].probe({ port: broker.port, folder: '', data: '' }).then(
        () => 'serves',
        (error: NodeJS.ErrnoException) => error.code ?? error.message,
      )
    const keepLogs = () => onTestFailed(async () => void console.error(`The log: ${await broker.keepLogs()}`))

    beforeAll(async () => {
      broker = await startBroker(kind, { patience: PATIENCE })
    }, PATIENCE)
    afterAll(() => broker?.dispose(), PATIENCE)

    test('serves when it is said to have started', async () => {
      expect(broker.isRunning).toBe(true)
      expect(await probe()).toBe('serves')
      expect(broker.version).toMatch(/^\d+\.\d+/)
      await broker.start()
      expect(await broker.logs()).not.toBe('')
    })

    test('keeps what it has acknowledged through a restart and through a kill, and forgets it when wiped', async () => {
      keepLogs()
      await store(broker.port)
      await broker.kill()
      expect(broker.isRunning).toBe(false)
      expect(await probe()).toBe('ECONNREFUSED')
      await broker.kill()
      await broker.start()
      expect(await isThere(broker.port)).toBe(true)
      await broker.restart()
      expect(await isThere(broker.port)).toBe(true)
      await expect(broker.wipe()).rejects.toThrow(/stop it before/)
      await broker.stop()
      expect(await probe()).toBe('ECONNREFUSED')
      await broker.wipe()
      await broker.start()
      expect(await isThere(broker.port)).toBe(false)
    })

    test('answers nobody while it is frozen, and everybody afterwards', async () => {
      keepLogs()
      await broker.freeze()
      const asked = probe()
      expect(await Promise.race([asked, sleep(200, 'silent')])).toBe('silent')
      await broker.thaw()
      expect(await asked).toBe('serves')
      await broker.freeze()
      await brokerControl(broker).resume()
      expect(await probe()).toBe('serves')
    })

    test('stops and is killed while it is frozen', async () => {
      keepLogs()
      await broker.freeze()
      await broker.stop()
      await broker.start()
      await broker.freeze()
      await broker.kill()
      expect(brokerControl(broker).isRunning).toBe(false)
      await broker.start()
    })
  })
}
