import { openSession, untilReady } from '../../src/wire/postgres.ts'
import { converse } from '../../src/wire/wire.ts'
import type { Contents } from './contents.ts'

const query = (port: number, sql: string): Promise<string[]> =>
  converse(port, async wire => {
    await openSession(wire)
    const text = Buffer.from(`${sql}\0`)
    const header = Buffer.from('Q\0\0\0\0', 'latin1')
    header.writeInt32BE(text.length + 4, 1)
    wire.write(Buffer.concat([header, text]))
    return untilReady(wire)
  })

export const postgresContents: Contents = {
  async store(port) {
    await query(port, 'create table kept (id int primary key)')
    await query(port, 'insert into kept values (1)')
  },
  isThere: async port => (await query(port, "select 'found' where to_regclass('kept') is not null")).includes('found'),
}
