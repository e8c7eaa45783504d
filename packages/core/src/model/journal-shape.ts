type Kind = 'text' | 'number' | 'list' | 'object'

/** Members that have to be there; any others may be. */
type Shape = Readonly<Record<string, Kind>>

const PROCESS: Shape = { instance: 'text', source: 'text', adapter: 'text', version: 'text', started: 'number' }
const PAGE: Shape = { process: 'object', sequence: 'number', dropped: 'number', entries: 'list' }
const ENTRY: Shape = {
  ...{ outcome: 'text', topic: 'text', subscription: 'text', id: 'text' },
  ...{ attempt: 'number', time: 'number' },
}
const REPORT: Shape = {
  ...{ process: 'object', sequence: 'number', state: 'text', time: 'number', every: 'number', journal: 'text' },
  ...{ publishes: 'list', subscriptions: 'list', omitted: 'number', dropped: 'number' },
}
const RUNNING: Shape = { topic: 'text', name: 'text', state: 'text', concurrency: 'number', prefetch: 'number' }
const ERROR: Shape = { name: 'text', message: 'text', attempt: 'number', time: 'number' }

/** What is wrong with a page of the delivery journal, if anything is. */
export function checkDeliveryPage(page: object): string | undefined {
  const wrong = check(page, PAGE, 'page') ?? check(member(page, 'process'), PROCESS, 'process')
  if (wrong !== undefined) return wrong
  return first(list(page, 'entries'), (entry, at) => {
    const error = member(entry, 'error')
    return check(entry, ENTRY, `entries[${at}]`) ?? (error && check(error, ERROR, `entries[${at}].error`))
  })
}

/** What is wrong with a report of the process journal, if anything is. */
export function checkProcessReport(report: object): string | undefined {
  const wrong = check(report, REPORT, 'report') ?? check(member(report, 'process'), PROCESS, 'process')
  if (wrong !== undefined) return wrong
  if (!list(report, 'publishes').every(topic => typeof topic === 'string')) return 'publishes is no list of texts'
  return first(list(report, 'subscriptions'), (running, at) => check(running, RUNNING, `subscriptions[${at}]`))
}

function check(value: unknown, shape: Shape, path: string): string | undefined {
  for (const [name, kind] of Object.entries(shape)) {
    if (kindOf(member(value, name)) !== kind) return `${path}.${name} is no ${kind}`
  }
  return undefined
}

function kindOf(value: unknown): Kind | undefined {
  if (typeof value === 'string') return 'text'
  if (typeof value === 'number') return 'number'
  if (Array.isArray(value)) return 'list'
  return typeof value === 'object' && value !== null ? 'object' : undefined
}

const member = (value: unknown, name: string): unknown => (value as Readonly<Record<string, unknown>> | null)?.[name]

const list = (value: object, name: string): readonly unknown[] => member(value, name) as readonly unknown[]

function first<T>(items: readonly T[], look: (item: T, at: number) => unknown): string | undefined {
  for (const [at, item] of items.entries()) {
    const wrong = look(item, at)
    if (typeof wrong === 'string') return wrong
  }
  return undefined
}
