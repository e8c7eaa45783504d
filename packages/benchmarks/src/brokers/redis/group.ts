import type { Redis } from 'ioredis-6'

/** What waits or is pending in the first group of a stream. */
export async function leftInGroup(client: Redis, stream: string): Promise<number> {
  const [group = []] = (await client.xinfo('GROUPS', stream)) as readonly (readonly (string | number)[])[]
  const of = (name: string) => Number(group[group.indexOf(name) + 1])
  return of('pending') + of('lag')
}
