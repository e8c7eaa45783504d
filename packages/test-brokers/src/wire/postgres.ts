import { converse, type Wire } from './wire.ts'

const PROTOCOL = 196_608

/** Opens a session: while Postgres starts or recovers it accepts connections and refuses sessions. */
export const probePostgres = (port: number): Promise<void> => converse(port, openSession)

/** Logs in as `postgres`, and waits until queries are welcome. */
export async function openSession(wire: Wire): Promise<void> {
  const parameters = Buffer.from('user\0postgres\0database\0postgres\0\0')
  const header = Buffer.alloc(8)
  header.writeInt32BE(header.length + parameters.length, 0)
  header.writeInt32BE(PROTOCOL, 4)
  wire.write(Buffer.concat([header, parameters]))
  await untilReady(wire)
}

/** The values of the rows that came before the server is ready for a query. Rejects with the server's own error. */
export async function untilReady(wire: Wire): Promise<string[]> {
  const rows: string[] = []
  for (;;) {
    const header = await wire.read(5)
    const type = header.toString('latin1', 0, 1)
    const body = await wire.read(header.readInt32BE(1) - 4)
    if (type === 'E') throw new Error(`Postgres says ${body.toString().replaceAll('\0', ' ')}`)
    // A row of one column: the number of columns, the length of its value, and the value.
    if (type === 'D') rows.push(body.toString('utf8', 6))
    if (type === 'Z') return rows
  }
}
