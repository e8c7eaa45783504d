import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { defineTarget, type Target } from '../target/target.js'
import { TargetError } from '../target/target-error.js'
import { UsageError } from './options.js'

/** Imports a target module, by its path or its URL. */
export async function loadTarget(path: string): Promise<Target> {
  const url = path.startsWith('file:') ? path : pathToFileURL(resolve(path)).href
  if (!existsSync(fileURLToPath(url))) throw new UsageError(`There is no module ${path}.`)
  const module: unknown = await import(url).catch((cause: unknown) => {
    throw unloadable(path, cause)
  })
  const found = typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined
  if (typeof found !== 'object' || found === null) {
    throw new UsageError(`${path} has no default export. Write: export default defineTarget({ … })`)
  }
  // A target that was not made by defineTarget is checked all the same.
  return defineTarget(found as Target)
}

function unloadable(path: string, cause: unknown): Error {
  if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_UNKNOWN_FILE_EXTENSION') {
    const advice = 'compile it, or use a Node that does (22.18 or later)'
    return new UsageError(`${path}, or what it imports, is nothing that Node ${process.versions.node} runs: ${advice}.`)
  }
  // What Node says of an ES module where its package.json calls every module a CommonJS one, as npm init writes it.
  if (
    cause instanceof SyntaxError &&
    /import statement outside a module|Unexpected token 'export'/.test(cause.message)
  ) {
    const advice = 'write "type": "module" into package.json (npm pkg set type=module), or name it .mjs'
    return new UsageError(`${path}, or what it imports, is an ES module that is run as CommonJS: ${advice}.`)
  }
  return new TargetError(`${path} cannot be imported.`, { cause })
}
