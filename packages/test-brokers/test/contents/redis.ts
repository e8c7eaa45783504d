import { converse } from '../../src/wire/wire.ts'
import type { Contents } from './contents.ts'

const ask = (port: number, command: string): Promise<string> =>
  converse(port, async wire => {
    wire.write(`${command}\r\n`)
    return wire.line()
  })

export const redisContents: Contents = {
  async store(port) {
    if ((await ask(port, 'SET kept 1')) !== '+OK') throw new Error('Redis has not stored it.')
  },
  isThere: async port => (await ask(port, 'EXISTS kept')) === ':1',
}
