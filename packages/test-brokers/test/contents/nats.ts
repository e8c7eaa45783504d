import { converse } from '../../src/wire/wire.ts'
import type { Contents } from './contents.ts'

/** Asks by a request and answers what comes back. */
const request = (port: number, subject: string, body: string): Promise<string> =>
  converse(port, async wire => {
    wire.write('CONNECT {"verbose":false}\r\nSUB answer 1\r\n')
    wire.write(`PUB ${subject} answer ${body.length}\r\n${body}\r\n`)
    for (;;) {
      const line = await wire.line()
      if (line.startsWith('MSG')) return (await wire.read(Number(line.split(' ').at(-1)))).toString()
    }
  })

export const natsContents: Contents = {
  async store(port) {
    const stream = JSON.stringify({ name: 'KEPT', subjects: ['kept'], storage: 'file' })
    const made = await request(port, '$JS.API.STREAM.CREATE.KEPT', stream)
    const stored = await request(port, 'kept', '1')
    if (made.includes('"error"') || !stored.includes('"seq"'))
      throw new Error(`NATS has not stored it: ${made} ${stored}`)
  },
  isThere: async port => (await request(port, '$JS.API.STREAM.INFO.KEPT', '')).includes('"messages":1'),
}
