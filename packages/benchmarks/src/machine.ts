import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, loadavg, release, totalmem, type } from 'node:os'

/** What absolute figures depend on. */
export interface Machine {
  readonly cpu: string
  readonly memory: string
  readonly system: string
  readonly node: string
  /** Such as `redis 7.0.15`; absent where there is none. */
  readonly server?: string
  readonly date: string
  readonly versions: Readonly<Record<string, string>>
  /** Load of the last minute, before the first and after the last measurement: other jobs make noise. */
  readonly load: readonly number[]
}

export function describeMachine(packages: readonly string[], loadBefore: number, server?: string): Machine {
  const cores = cpus()
  return {
    cpu: `${cores.length} × ${cores[0]?.model.trim()}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${type()} ${release()}`,
    node: process.version,
    ...(server === undefined ? {} : { server }),
    date: new Date().toISOString().slice(0, 10),
    versions: Object.fromEntries(packages.map(name => [name, versionOf(name)])),
    load: [loadBefore, load()],
  }
}

export const load = (): number => Math.round((loadavg()[0] ?? 0) * 100) / 100

function versionOf(name: string): string {
  const { resolve } = createRequire(import.meta.url)
  // Not every package exports its package.json; all of them are in a folder of their name.
  for (const folder of resolve.paths(name) ?? []) {
    try {
      return (JSON.parse(readFileSync(`${folder}/${name}/package.json`, 'utf8')) as { version: string }).version
    } catch {}
  }
  return 'unknown'
}
