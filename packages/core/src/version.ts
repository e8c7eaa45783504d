/** The version of Pluribus, as in the package's manifest: a test compares them, `npm run version-packages` writes both. */
export const VERSION = '0.0.0'
