import { expect, onTestFinished, test } from 'vitest'
import { Link } from '../src/link.js'
import { Names } from '../src/names.js'
import { resolveOptions } from '../src/options.js'
import { Reader } from '../src/reader.js'
import { ack, declared, environment, message, onNats, open, publish, take } from './kit.js'

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

  test('is read by us: what that takes of the client, which does not offer it, is there', async () => {
    const options = resolveOptions({ servers: `127.0.0.1:${server().port}` })
    const link = await Link.open(new Names('read'), { options, environment: environment() }, () => {})
    onTestFinished(() => link.close())
    const { protocol } = link.nats as unknown as { readonly protocol: { readonly parser: unknown } }
    expect(protocol.parser).toBeInstanceOf(Reader)
  })
})
