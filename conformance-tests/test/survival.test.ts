import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { WEAKEST_CAPABILITIES } from '@pluribus/core/driver'
import { expect, onTestFinished, test } from 'vitest'
import { type SurvivalCell, survivalTables } from '../src/index.js'

/** What is said of an adapter that claims the least, and has one test. */
function tables(...lines: readonly string[]): readonly (readonly SurvivalCell[])[] {
  const folder = mkdtempSync(join(tmpdir(), 'pluribus-survival-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'test'))
  writeFileSync(join(folder, 'test/kill.test.ts'), '')
  writeFileSync(join(folder, 'conformance.json'), JSON.stringify({ capabilities: WEAKEST_CAPABILITIES }))
  writeFileSync(join(folder, 'README.md'), ['## Delivery', '', ...lines, '', '## Limits', '| no | table |'].join('\n'))
  return survivalTables(pathToFileURL(`${folder}/`))
}

const HEAD = ['| | killed | frozen |', '| --- | --- | --- |']
const wrongIn = (...lines: readonly string[]) => tables(...HEAD, ...lines).map(cells => cells.map(({ wrong }) => wrong))

test('a cell that names a case or a test is shown, and so is one that says nothing', () => {
  expect(wrongIn('| an ack | gone: ACK-01, `kill.test.ts` | – |')).toEqual([[[], []]])
})

test('a cell says of what it is', () => {
  expect(tables(...HEAD, '| an ack | gone: ACK-01 | – |')).toEqual([
    [
      { thing: 'an ack', mishap: 'killed', text: 'gone: ACK-01', wrong: [] },
      { thing: 'an ack', mishap: 'frozen', text: '–', wrong: [] },
    ],
  ])
})

test('a cell that names nothing, or what there is not, is wrong', () => {
  expect(wrongIn('| an ack | gone | gone: ACK-99, `no.test.ts` |')).toEqual([
    [['It names neither a case nor a test.'], ['There is no case ACK-99.', 'There is no no.test.ts.']],
  ])
})

test('a case that is not played shows nothing', () => {
  expect(wrongIn('| order | kept: LFO-01 | – |')).toEqual([[['LFO-01 is not played: that is not claimed.'], []]])
})

test('a row that is too short leaves something open, and one that is too long says it of nothing', () => {
  expect(wrongIn('| an ack | gone: ACK-01 |')).toEqual([[[], ['It names neither a case nor a test.']]])
  expect(wrongIn('| an ack | – | – | gone |')).toEqual([[[], [], ['It names neither a case nor a test.']]])
})

test('each table is one of its own', () => {
  expect(tables(...HEAD, '| an ack | – | – |', '', 'And:', '', ...HEAD, '| order | – | – |')).toHaveLength(2)
})
