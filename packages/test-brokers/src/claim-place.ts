import { once } from 'node:events'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Owner } from './machine/owner.ts'
import { type Place, PORTS_EACH } from './recipe.ts'
import type { Supervisor } from './supervision/supervisor.ts'

/**
 * The ports that are given to servers. They are below those that systems give to outgoing connections: while a server is
 * down, a client that tries again and again must not be given the server's own port, and so connect to itself.
 */
const FIRST_PORT = 20_000
const LAST_PORT = 30_000

/**
 * Finds ports that nobody has. The folder is named after the first of them: making it is what reserves them against other
 * tests, other processes included, until the supervisor deletes it.
 */
export async function claimPlace(supervisor: Supervisor, owner: Owner | undefined): Promise<Place> {
  for (let port = FIRST_PORT; port < LAST_PORT; port += PORTS_EACH) {
    const folder = join(tmpdir(), `pluribus-broker-${port}`)
    if (!(await supervisor.ask({ ask: 'claim', folder, owner }))) continue
    if (await areFree(port)) return { folder, data: join(folder, 'data'), port }
    await supervisor.ask({ ask: 'yield' })
  }
  throw new Error(`No ports are free between ${FIRST_PORT} and ${LAST_PORT}.`)
}

async function areFree(first: number): Promise<boolean> {
  for (let port = first; port < first + PORTS_EACH; port++) if (!(await isFree(port))) return false
  return true
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false
    throw error
  }
  server.close()
  await once(server, 'close')
  return true
}
