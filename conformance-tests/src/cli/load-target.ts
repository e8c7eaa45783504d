import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { defineTarget, type Target } from '../target/target.js'
import { UsageError } from './options.js'

/** Imports a target module, by its path or its URL. */
export async function loadTarget(path: string): Promise<Target> {
  const module: unknown = await import(path.startsWith('file:') ? path : pathToFileURL(resolve(path)).href)
  const found = typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined
  if (typeof found !== 'object' || found === null) {
    throw new UsageError(`${path} has no default export. Write: export default defineTarget({ … })`)
  }
  // A target that was not made by defineTarget is checked all the same.
  return defineTarget(found as Target)
}
