/** Runs every test of every package and closes with one line: `N passed, N failed, N skipped`. */
import { startVitest } from 'vitest/node'

/** Tests that ran and did not fail, those that failed, and those that did not run. */
interface Totals {
  passed: number
  failed: number
  skipped: number
}

const vitest = await startVitest('test', process.argv.slice(2), { watch: false })
const totals: Totals = { passed: 0, failed: 0, skipped: 0 }
for (const file of vitest.state.getTestModules()) {
  for (const test of file.children.allTests()) {
    const { state } = test.result()
    if (state === 'passed') totals.passed++
    else if (state === 'failed') totals.failed++
    else totals.skipped++
  }
  // A file that cannot be loaded has no tests to fail, and a hook may fail outside of them: of a file, and of a group in it.
  totals.failed += file.errors().length
  for (const group of file.children.allSuites()) totals.failed += group.errors().length
}
const strayErrors = vitest.state.getUnhandledErrors().length
await vitest.close()
totals.failed += strayErrors
if (totals.passed === 0 && totals.failed === 0) totals.failed = 1
process.exitCode = totals.failed === 0 ? 0 : 1
process.stdout.write(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped\n`)
