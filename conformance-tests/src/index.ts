/**
 * The public conformance suite of Pluribus.
 *
 * @module
 */
export type { Case } from './case/case.js'
export { CASES } from './cases/index.js'
export type { Claim } from './claims/claim.js'
export type { Expression } from './claims/expression.js'
export type { CaseResult } from './engine/result.js'
export { Suite, type SuiteOptions } from './engine/suite.js'
export type { Verdict } from './engine/verdict.js'
export type { Anomaly } from './history/anomaly.js'
export { checkHistory } from './history/check-history.js'
export type { HistoryEvent } from './history/event.js'
export { History } from './history/history.js'
export { recordAdapter } from './history/record-adapter.js'
export type { Deviation } from './target/deviation.js'
export type { HookName } from './target/hooks.js'
export type { Required } from './target/required.js'
export { defineTarget, type Settings, type Target, type TargetRun } from './target/target.js'
export { LOCAL_TIMING, type Timing, VIRTUAL_TIMING } from './target/timing.js'
