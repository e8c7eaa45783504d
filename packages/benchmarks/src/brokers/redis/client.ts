import type { Redis } from 'ioredis-6'

/** A connection, with replies as arrays and everything binary: the client's own defaults but for that. */
export async function connect(url: string): Promise<Redis> {
  const { Redis } = await import('ioredis-6')
  return new Redis(url, { protocol: 2 })
}

/** Loads a script; answers how to run it, with replies as Buffers. */
export async function loadScript<Reply>(
  client: Redis,
  script: string,
  keys: readonly string[],
): Promise<(...args: readonly (string | number | Buffer)[]) => Promise<Reply>> {
  const sha = (await client.script('LOAD', script)) as string
  return (...args) => client.callBuffer('EVALSHA', [sha, keys.length, ...keys, ...args]) as Promise<Reply>
}
