import type { Adapter } from '../driver/adapter.js'
import { isPluribusError, PluribusError } from '../errors/pluribus-error.js'
import { quote } from '../model/quote.js'
import { isAdapter } from './adapter-source.js'
import { redact } from './redact.js'

/** How a package is imported; tests pass their own. */
export type Import = (name: string) => Promise<unknown>

/** The name is a variable, so that no bundler follows it: an application ships with the adapters it installs. */
export const importPackage: Import = name => import(/* @vite-ignore */ /* webpackIgnore: true */ name)

/** A package of the registry. No path, no URL, no built-in module: `{ use }` says which package, not what to run. */
const PACKAGE_NAME = /^(?:@[a-z0-9][a-z0-9._-]{0,100}\/)?[a-z0-9][a-z0-9._-]{0,100}$/

/** How Node, Vite, Bun and Deno begin the message for something that is not there. */
const NOT_FOUND =
  /^(?:Cannot find (?:package|module)|Failed to load url|Failed to resolve import) ['"]?([^\s'"]{1,200})/

function missing(name: string): PluribusError {
  const message =
    `The adapter's package ${name} is not installed. Run: npm install ${name}. ` +
    'If it is, but out of reach of @pluribus/core, import it yourself and pass the adapter object.'
  return new PluribusError('ADAPTER_MISSING', message, { details: { package: name, install: `npm install ${name}` } })
}

function broken(name: string, cause: unknown): PluribusError {
  const said = cause instanceof Error ? cause.message : quote(cause)
  const inner = NOT_FOUND.exec(said)?.[1]
  const needed = inner !== undefined && PACKAGE_NAME.test(inner) ? inner : undefined
  const next =
    needed === undefined ? 'See the cause; is it built, and of a version that fits?' : `Run: npm install ${needed}.`
  const problem = needed === undefined ? 'importing it failed' : `it needs ${needed}, which is not`
  return new PluribusError('ADAPTER_MISSING', `The adapter's package ${name} is installed, but ${problem}. ${next}`, {
    cause,
    details: { package: name, ...(needed === undefined ? {} : { install: `npm install ${needed}` }) },
  })
}

/** Imports a package, telling "it is not there" from "something in it fails". */
export async function loadPackage(name: string, load: Import): Promise<Readonly<Record<string, unknown>>> {
  if (!PACKAGE_NAME.test(name)) {
    const message = `use: ${quote(name)} is not the name of a package. For a module of your own, import it and pass the adapter object.`
    throw new PluribusError('INVALID_CONFIGURATION', message, { details: { argument: 'use' } })
  }
  try {
    return (await load(name)) as Readonly<Record<string, unknown>>
  } catch (cause) {
    throw cause instanceof Error && NOT_FOUND.exec(cause.message)?.[1] === name ? missing(name) : broken(name, cause)
  }
}

/** Calls a package's factory and checks what it gives. Native errors lose the secrets that they may quote. */
export async function callFactory(
  module: Readonly<Record<string, unknown>>,
  name: string,
  factory: 'fromUrl' | 'createAdapter',
  argument: unknown,
): Promise<Adapter> {
  const details = { package: name }
  const create = module[factory]
  if (typeof create !== 'function') {
    const message = `The package ${name} does not export ${factory}(). Is it an adapter of Pluribus, of a version that fits?`
    throw new PluribusError('INVALID_CONFIGURATION', message, { details })
  }
  let adapter: unknown
  try {
    adapter = await create(argument)
  } catch (cause) {
    if (isPluribusError(cause)) throw cause
    const said = redact(cause instanceof Error ? cause.message : quote(cause))
    throw new PluribusError('INVALID_CONFIGURATION', `${factory}() of ${name} failed: ${said.slice(0, 1_000)}`, {
      details,
    })
  }
  if (isAdapter(adapter)) return adapter
  throw new PluribusError('INVALID_CONFIGURATION', `${factory}() of ${name} did not return an adapter.`, { details })
}
