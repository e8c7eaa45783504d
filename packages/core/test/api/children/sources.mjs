import { registerHooks } from 'node:module'

/** Resolves our packages to their sources, and `./x.js` there to `./x.ts`. */
registerHooks({
  resolve(specifier, context, next) {
    const conditions = ['pluribus-source', ...context.conditions]
    const isOurs = specifier.startsWith('.') && context.parentURL?.endsWith('.ts') && specifier.endsWith('.js')
    return next(isOurs ? specifier.replace(/\.js$/, '.ts') : specifier, { ...context, conditions })
  },
})
