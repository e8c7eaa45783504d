import { expect, onTestFinished, test } from 'vitest'
import { ack, declared, message, onNats, open, publish, take } from './kit.js'

onNats('a link', server => {
  test('tells whoever waits for the word of its server that there is none when it ends', async () => {
    const connection = await declared(server())
    onTestFinished(() => connection.close())
    const source = await open(connection)
    await publish(connection, message('a'))
    const held = await take(source, 1)
    await server().freeze()
    const settling = ack(source, held)
    // It may be told before it is asked for.
    settling.catch(() => {})
    await server().kill()
    await expect(settling).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await server().start()
  })

  test('tells so when it is closed, too', async () => {
    const connection = await declared(server())
    const source = await open(connection)
    await publish(connection, message('a'))
    const held = await take(source, 1)
    await server().freeze()
    const settling = ack(source, held)
    settling.catch(() => {})
    const closing = connection.close()
    await expect(settling).rejects.toMatchObject({ code: 'CLOSED' })
    await server().thaw()
    await closing
  })
})
