import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What waits for servers and processes, or simulates for minutes: starting it late would leave the other core idle at the end. */
const LONG = [
  /\/adapters\/\w+\/test\/conformance\.test\.ts$/,
  /\/scripts\/test\/campaign\/(?:servers|file)\.test\.ts$/,
  /\/commit-log\/test\/(?:simulation|takeover|crash-points)[-\d]*\.test\.ts$/,
  /\/test-brokers\/test\/brokers\.test\.ts$/,
  /\/shop\/test\/real-sales\.test\.ts$/,
]

/** Without a cache, as in a clean clone, Vitest starts the largest files first; these are small and last minutes. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: TestSpecification) => LONG.some(name => name.test(moduleId))
    return [...sorted.filter(isLong), ...sorted.filter(file => !isLong(file))]
  }
}
