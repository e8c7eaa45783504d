import type { Scenario } from '../scenario.ts'
import { backlogs } from './backlog.ts'
import { flows } from './flow.ts'
import { lags } from './lag.ts'
import { latency } from './latency.ts'
import { drain, publish } from './store.ts'
import { waiting } from './waiting.ts'

/** Everything that is measured, in the order of the report. */
export const SCENARIOS: readonly Scenario[] = [publish, drain, ...flows, latency, ...backlogs, ...waiting, ...lags]
