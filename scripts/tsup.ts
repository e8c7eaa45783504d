import { defineConfig, type Options } from 'tsup'

/** The build every published package shares: ESM for Node 20.19, no declarations (tsc emits those). */
export const library = (entry: Record<string, string>, options: Options = {}) =>
  defineConfig({
    entry,
    format: 'esm',
    target: 'node20.19',
    dts: false,
    sourcemap: true,
    clean: false,
    // Some modules exist under `node:` alone.
    removeNodeProtocol: false,
    ...options,
  })
