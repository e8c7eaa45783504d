import { number, table } from '../report/table.ts'

interface Frame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
}

/** What `--cpu-prof` writes, as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: Frame
    readonly positionTicks?: readonly { readonly line: number; readonly ticks: number }[]
  }[]
  /** Which node was running, sample after sample. */
  readonly samples: readonly number[]
}

const SHOWN = 25

/** Self time by function, with garbage collection and native code as what they are, and by line of those with lines. */
export function summarise({ nodes, samples }: CpuProfile): string {
  const byId = new Map(nodes.map(node => [node.id, node]))
  const functions = new Map<string, number>()
  const lines = new Map<string, number>()
  for (const id of samples) add(functions, nameOf((byId.get(id) as (typeof nodes)[number]).callFrame), 1)
  for (const { callFrame, positionTicks = [] } of nodes) {
    const file = shorten(callFrame.url)
    if (file !== '') for (const { line, ticks } of positionTicks) add(lines, `${file}:${line}`, ticks)
  }
  functions.delete('(idle)')
  const total = [...functions.values()].reduce((sum, count) => sum + count, 0)
  return [top('function', functions, total), top('line', lines, total)].join('\n\n')
}

function nameOf({ functionName, url, lineNumber }: Frame): string {
  const file = shorten(url)
  return `${functionName || '(anonymous)'}${file === '' ? '' : `  ${file}:${lineNumber + 1}`}`
}

const shorten = (url: string): string =>
  url.replace(/^file:\/\//, '').replace(/^.*\/(?=(packages|adapters|node_modules)\/)/, '')

const add = (map: Map<string, number>, key: string, count: number): void =>
  void map.set(key, (map.get(key) ?? 0) + count)

function top(title: string, counts: Map<string, number>, total: number): string {
  const sorted = [...counts].sort(([, a], [, b]) => b - a).slice(0, SHOWN)
  return table(
    [title, 'self %'],
    sorted.map(([name, count]) => [name, number((count / total) * 100, 1)]),
  )
}
