import { type DeliveryPage, deliveryJournal, isPluribusError, JOURNAL_FORMAT, processJournal } from '@pluribus/core'
import { describe, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { VERSION } from '../../src/version.js'

const process = { instance: 'a', source: 'till', adapter: 'memory', version: '1.0.0', started: 1 }
const error = { name: 'Error', message: 'no', attempt: 1, time: 2 }
const entry = { outcome: 'retried', topic: 't', subscription: 's', id: 'i', attempt: 1, time: 2, delay: 3, error }
const page = { format: 1, process, sequence: 1, dropped: 0, entries: [entry] }
const running = { topic: 't', name: 's', state: 'paused', concurrency: 1, prefetch: 256 }
const report = {
  ...{ format: 1, process, sequence: 1, state: 'running', time: 1, every: 30_000, journal: 'failures' },
  ...{ publishes: ['t'], subscriptions: [running], omitted: 0, dropped: 0 },
}

const readPage = (value: unknown) => deliveryJournal.codec.decode(JSON.stringify(value))
const readReport = (value: unknown) => processJournal.codec.decode(JSON.stringify(value))

function refusal(read: () => unknown) {
  try {
    read()
  } catch (refused) {
    if (isPluribusError(refused)) return refused
    throw refused
  }
  throw new Error('It was read.')
}

describe('the format of the journal', () => {
  it('reads what it has written', () => {
    expect(deliveryJournal.codec.decode(deliveryJournal.codec.encode(page as DeliveryPage))).toEqual(page)
    expect(readReport(report)).toEqual(report)
  })

  it('refuses a newer major version by its number, and says what to do', () => {
    for (const read of [() => readPage({ ...page, format: 2 }), () => readReport({ ...report, format: 2 })]) {
      const { code, message, details } = refusal(read)
      expect([code, details]).toEqual(['DECODING', { format: 2, reads: JOURNAL_FORMAT }])
      expect(message).toContain(`format 2, and this is Pluribus ${VERSION}, which reads up to 1`)
    }
  })

  it('refuses a newer one even where nothing else of it can be understood', () => {
    expect(refusal(() => readPage({ format: 7, rows: 'of another kind' })).details).toEqual({ format: 7, reads: 1 })
  })

  it('lets pass what a later minor version adds', () => {
    const later = { ...page, added: true, entries: [{ ...entry, outcome: 'postponed', added: 1 }] }
    expect(readPage(later)).toEqual(later)
  })

  it.each([
    ['no object', 7, 'it is no object'],
    ['no format', { ...page, format: undefined }, 'its format is undefined'],
    ['a format that is text', { ...page, format: '1' }, 'its format is "1"'],
    ['no entries', { ...page, entries: undefined }, 'page.entries is no list'],
    ['an entry without an id', { ...page, entries: [entry, { ...entry, id: 7 }] }, 'entries[1].id is no text'],
    ['an entry that is null', { ...page, entries: [null] }, 'entries[0].outcome is no text'],
    ['an error that is text', { ...page, entries: [{ ...entry, error: 'no' }] }, 'entries[0].error.name is no text'],
    ['no process', { ...page, process: null }, 'page.process is no object'],
    ['a process without a start', { ...page, process: { ...process, started: '1' } }, 'process.started is no number'],
  ])('refuses a page with %s', (_, value, why) => {
    const { code, message } = refusal(() => readPage(value))
    expect(code).toBe('DECODING')
    expect(message).toContain(`nothing that Pluribus has written to its journal: ${why}`)
  })

  it.each([
    ['no state', { ...report, state: 7 }, 'report.state is no text'],
    ['a topic that is no text', { ...report, publishes: ['a', 7] }, 'publishes is no list of texts'],
    ['a subscription without a name', { ...report, subscriptions: [{ ...running, name: 1 }] }, 'subscriptions[0].name'],
  ])('refuses a report with %s', (_, value, why) => {
    expect(refusal(() => readReport(value)).message).toContain(why)
  })
})

it('the version that the journal names is the one of the package', () => {
  expect(VERSION).toBe(manifest.version)
})
