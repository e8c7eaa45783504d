import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What waits for servers, and so lasts longest: starting it late would leave the other core idle at the end. */
const LONG = /\/(?:adapters\/(?:nats|redis)\/test\/conformance|scripts\/test\/campaign\/(?:servers|file))\.test\.ts$/

/** Without a cache, as in a clean clone, Vitest starts the largest files first; these are small and last minutes. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: TestSpecification) => LONG.test(moduleId)
    return [...sorted.filter(isLong), ...sorted.filter(file => !isLong(file))]
  }
}
