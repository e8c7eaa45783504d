import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import type { Capabilities } from '@pluribus/core/driver'
import type { Claim } from '../claims/claim.js'
import type { CaseResult } from '../engine/result.js'
import type { Suite } from '../engine/suite.js'
import { countsAs, type Verdict } from '../engine/verdict.js'
import type { Timing } from '../target/timing.js'
import { type ClaimStatus, claimStatuses } from './claim-status.js'

/** Grows when a reader of the one before would misread it. */
export const REPORT_FORMAT = 1

/**
 * What a run has shown: `report.json`. Its JSON Schema is `@pluribus/conformance/report.schema.json`.
 *
 * @example
 * ```ts
 * import type { Report } from '@pluribus/conformance'
 *
 * const isGood = (report: Report) => report.conformant && !report.partial
 * ```
 */
export interface Report {
  readonly format: typeof REPORT_FORMAT
  /** The suite's version, and a digest of all cases that it has. */
  readonly suite: { readonly version: string; readonly cases: string }
  readonly target: string
  readonly adapter: string
  readonly server: { readonly product: string; readonly version: string }
  readonly machine: { readonly node: string; readonly platform: string; readonly processors: number }
  /** When it was made: ISO 8601. */
  readonly date: string
  readonly profile: 'core' | 'full'
  readonly seed: number
  readonly repeat: number
  readonly scale: number
  /** Not all of the profile was run, or smaller than it is: it proves what it shows, and nothing of the rest. */
  readonly partial: boolean
  /** The whole profile was run; everything passed, was refused, or does not concern the adapter; every claim is proved. */
  readonly conformant: boolean
  readonly timing: Timing
  readonly capabilities: Capabilities
  readonly claims: Readonly<Partial<Record<Claim, ClaimStatus>>>
  readonly counts: { readonly passed: number; readonly failed: number; readonly skipped: number }
  readonly cases: readonly ReportedCase[]
}

/**
 * A case in a report.
 *
 * @example
 * ```ts
 * import type { ReportedCase } from '@pluribus/conformance'
 *
 * const line = ({ id, title, verdict }: ReportedCase) => `${id} ${title}: ${verdict}`
 * ```
 */
export interface ReportedCase {
  readonly id: string
  readonly title: string
  readonly promise: string
  readonly profile: 'core' | 'full'
  readonly verdict: Verdict
  readonly reason?: string
  /** Milliseconds. */
  readonly duration: number
  readonly seed: number
  /** What it proves of what the adapter claims. */
  readonly proves: readonly Claim[]
  /** The file beside the report that has its history, gzipped, one event a line. */
  readonly history?: string
}

/**
 * Makes the report of a run. `date`: when it was.
 *
 * @example
 * ```ts
 * import { reportOf, Suite, type Target } from '@pluribus/conformance'
 *
 * const report = async (target: Target) => {
 *   const suite = await Suite.prepare(target)
 *   return reportOf(suite, await suite.runAll(), new Date())
 * }
 * ```
 */
export function reportOf(suite: Suite, results: readonly CaseResult[], date: Date): Report {
  const { options, capabilities, server, target } = suite
  const { profile = 'full', repeat = 1, scale = 1, only = [], skip = [] } = options
  const claims = claimStatuses(capabilities, results)
  const partial = only.length > 0 || skip.length > 0 || scale < 1 || options.cases !== undefined
  const isClean = results.every(({ verdict }) => verdict === 'passed' || verdict === 'refused' || verdict === 'skipped')
  const isProved = Object.values(claims).every(status => status !== 'unverified' && status !== 'broken')
  const count = (kind: 'passed' | 'failed' | 'skipped') =>
    results.filter(({ verdict }) => countsAs(verdict) === kind).length
  return {
    format: REPORT_FORMAT,
    suite: { version: version(), cases: digestOf(suite) },
    target: target.name,
    adapter: suite.adapter,
    server: { product: server.product, version: server.version },
    machine: {
      node: process.versions.node,
      platform: `${process.platform} ${process.arch}`,
      processors: cpus().length,
    },
    date: date.toISOString(),
    ...{ profile, seed: suite.seed, repeat, scale, partial },
    conformant: !partial && results.length > 0 && isClean && (profile === 'core' || isProved),
    timing: target.timing,
    capabilities,
    claims,
    counts: { passed: count('passed'), failed: count('failed'), skipped: count('skipped') },
    cases: results.map(reported),
  }
}

/** Where the history of a case is put, beside the report. */
export const historyFile = (id: string): string => `histories/${id}.ndjson.gz`

function reported({ case: one, verdict, reason, duration, seed, history }: CaseResult): ReportedCase {
  const { id, title, promise, profile, proves = [] } = one
  return {
    ...{ id, title, promise, profile, verdict },
    ...(reason === undefined ? {} : { reason }),
    ...{ duration: Math.round(duration * 10) / 10, seed, proves },
    ...(history === undefined || history.length === 0 ? {} : { history: historyFile(id) }),
  }
}

function version(): string {
  const path = createRequire(import.meta.url).resolve('@pluribus/conformance/package.json')
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
}

/** Two runs with the same digest had the same cases to choose from. */
function digestOf({ cases }: Suite): string {
  const list = cases.map(({ id, title, promise, profile }) => [id, title, promise, profile])
  return createHash('sha256').update(JSON.stringify(list)).digest('hex').slice(0, 16)
}
