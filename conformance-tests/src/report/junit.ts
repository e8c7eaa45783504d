import { countsAs } from '../engine/verdict.js'
import type { Report, ReportedCase } from './report.js'

/** A report as JUnit's XML, which continuous integration reads. */
export function junitOf({ target, cases, counts }: Report): string {
  const time = cases.reduce((sum, { duration }) => sum + duration, 0) / 1_000
  const total = `tests="${cases.length}" failures="${counts.failed}" errors="0" skipped="${counts.skipped}" time="${time.toFixed(3)}"`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="conformance" ${total}>`,
    `  <testsuite name="${xml(`conformance of ${target}`)}" ${total}>`,
    ...cases.map(testCase),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}

function testCase({ id, title, promise, verdict, reason = '', duration }: ReportedCase): string {
  const open = `    <testcase classname="${id.slice(0, id.indexOf('-'))}" name="${xml(`${id} ${title}`)}" time="${(duration / 1_000).toFixed(3)}"`
  const kind = countsAs(verdict)
  if (kind === 'passed') return `${open}/>`
  const message = xml(`${verdict}: ${reason.split('\n', 1)[0]}`)
  if (kind === 'skipped') return `${open}>\n      <skipped message="${message}"/>\n    </testcase>`
  const text = xml(`Promised: ${promise}\nHappened: ${reason}`)
  return `${open}>\n      <failure message="${message}" type="${verdict}">${text}</failure>\n    </testcase>`
}

/** Characters that XML cannot hold at all become question marks. */
const xml = (text: string): string =>
  text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '?')
    .replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
