import type { Scenario } from '../scenario.ts'
import { backlogs } from './backlog.ts'
import { flows } from './flow.ts'
import { lags } from './lag.ts'
import { latency } from './latency.ts'
import { opening } from './open.ts'
import { steady } from './steady.ts'
import { drains, publishes } from './store.ts'
import { waiting } from './waiting.ts'

/** Everything that is measured, in the order of the report. */
export const SCENARIOS: readonly Scenario[] = [
  ...publishes,
  ...drains,
  ...flows,
  latency,
  ...backlogs,
  ...waiting,
  opening,
  ...lags,
  steady,
]
