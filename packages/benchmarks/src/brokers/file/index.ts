import type { BenchedBroker } from '../../broker.ts'
import { pluribus } from '../pluribus.ts'
import { appendFileQueue } from './append-file.ts'
import { commitLog } from './commit-log.ts'
import { goals } from './goals.ts'
import { nodeSqlite } from './node-sqlite.ts'
import { rawEqual } from './raw-equal.ts'
import { rawMinimal } from './raw-minimal.ts'
import { FOLDER_SCENARIOS } from './scenarios.ts'

export const broker: BenchedBroker = {
  name: 'file',
  ours: pluribus.name,
  subjects: [pluribus, rawMinimal, rawEqual, commitLog, nodeSqlite, appendFileQueue],
  goals,
  scenarios: FOLDER_SCENARIOS,
  place: 'folder',
  versions: ['@pluribus/core', '@pluribus/file'],
}
