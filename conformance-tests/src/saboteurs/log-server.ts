import type { Adapter } from '@pluribus/core/driver'
import { type SimLogServer as Server, SimLogServer, simLog } from '@pluribus/core/testing'

type Group = ReturnType<Server['group']>

/** What a broken adapter of the log family says to its server instead of what it should. */
export interface Said {
  append?(server: Server, ...args: Parameters<Server['append']>): number
  commit?(server: Server, group: Group, ...args: Parameters<Group['commit']>): void
}

/** The sim-log adapter, on a server that hears something else than the adapter says. */
export function saying(inner: Adapter, said: Said): Adapter {
  const server = 'server' in inner ? inner.server : undefined
  if (!(server instanceof SimLogServer))
    throw new TypeError(`${inner.name} is not the adapter of a simulated log broker.`)
  const heard = new Map<string, Group>()
  const groupLike = (group: Group): Group =>
    like(group, { commit: (...args) => (said.commit ? said.commit(server, group, ...args) : group.commit(...args)) })
  const groups = {
    get: (name: string) => {
      const group = server.groups.get(name)
      return group && (heard.get(name) ?? groupLike(group))
    },
  }
  return simLog({
    name: inner.name,
    server: like(server, {
      append: (...args) => (said.append ? said.append(server, ...args) : server.append(...args)),
      groups: groups as Server['groups'],
    }),
  })
}

/** An object with private members, some public ones of which are different. */
const like = <T extends object>(inner: T, changes: Partial<T>): T =>
  new Proxy(inner, {
    get(target, member) {
      if (Object.hasOwn(changes, member)) return Reflect.get(changes, member)
      const value: unknown = Reflect.get(target, member, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
