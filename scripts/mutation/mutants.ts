import { stripTypeScriptTypes } from 'node:module'
import { type AnyNode, type Expression, parse } from 'acorn'
import { full } from 'acorn-walk'

/** One small change of a source file: what stands from `start` to `end` becomes `text`. */
export interface Mutant {
  /** From the project's root. */
  readonly file: string
  readonly start: number
  readonly end: number
  readonly text: string
  /** 1-based. */
  readonly line: number
  /** For people: what stood there, and what stands there now. */
  readonly change: string
}

const BINARY: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '+': '-',
  '-': '+',
  '*': '/',
  '&': '|',
  '|': '&',
  '&&': '||',
  '||': '&&',
}
const ASSIGNMENT: Readonly<Record<string, string>> = { '+=': '-=', '-=': '+=', '??=': '=', '||=': '=' }
const OTHER_END: Readonly<Record<string, string>> = { '++': '--', '--': '++' }

interface Change {
  readonly start: number
  readonly end: number
  readonly text: string
}

/**
 * Every mutant of a TypeScript source. Types become blanks before it is parsed, so that positions stay what they are, and
 * nothing that is only a type is mutated.
 */
export function mutantsOf(file: string, source: string): readonly Mutant[] {
  const code = stripTypeScriptTypes(source)
  const changes: Change[] = []
  full(parse(code, { ecmaVersion: 'latest', sourceType: 'module' }), node => {
    changes.push(...changesOf(node as AnyNode, code))
  })
  const seen = new Set<string>()
  return changes
    .filter(({ start, end, text }) => {
      const key = `${start} ${end} ${text}`
      return !seen.has(key) && seen.add(key)
    })
    .sort((a, b) => a.start - b.start || a.end - b.end)
    .map(change => ({ file, ...change, line: lineOf(code, change.start), change: changeOf(code, change) }))
}

/** The source with the mutant in it. */
export const mutated = (source: string, { start, end, text }: Change): string =>
  source.slice(0, start) + text + source.slice(end)

function changesOf(node: AnyNode, code: string): Change[] {
  switch (node.type) {
    case 'BinaryExpression':
    case 'LogicalExpression':
      return operator(node.left.end, node.right.start, node.operator, BINARY, code)
    case 'AssignmentExpression':
      return operator(node.left.end, node.right.start, node.operator, ASSIGNMENT, code)
    case 'UpdateExpression':
      return node.prefix
        ? operator(node.start, node.argument.start, node.operator, OTHER_END, code)
        : operator(node.argument.end, node.end, node.operator, OTHER_END, code)
    case 'UnaryExpression':
      return node.operator === '!' || node.operator === '-'
        ? [{ start: node.start, end: node.argument.start, text: '' }]
        : []
    case 'Literal':
      return literal(node.value, node)
    case 'IfStatement':
    case 'ConditionalExpression':
      return condition(node.test, ['true', 'false'])
    case 'WhileStatement':
      return condition(node.test, ['false'])
    case 'ExpressionStatement':
      return isCall(node.expression) ? [{ start: node.start, end: node.end, text: ';' }] : []
    default:
      return []
  }
}

function operator(
  from: number,
  to: number,
  found: string,
  swaps: Readonly<Record<string, string>>,
  code: string,
): Change[] {
  const text = swaps[found]
  if (text === undefined) return []
  const start = code.indexOf(found, from)
  return start < 0 || start + found.length > to ? [] : [{ start, end: start + found.length, text }]
}

function literal(value: unknown, { start, end }: { start: number; end: number }): Change[] {
  if (typeof value === 'boolean') return [{ start, end, text: String(!value) }]
  if (typeof value === 'number') return [{ start, end, text: String(value + 1) }]
  return []
}

const condition = ({ start, end, type }: Expression, texts: readonly string[]): Change[] =>
  type === 'Literal' ? [] : texts.map(text => ({ start, end, text }))

const isCall = (expression: Expression): boolean =>
  expression.type === 'CallExpression' ||
  expression.type === 'AwaitExpression' ||
  (expression.type === 'ChainExpression' && expression.expression.type === 'CallExpression')

const lineOf = (code: string, at: number): number => code.slice(0, at).split('\n').length

function changeOf(code: string, { start, end, text }: Change): string {
  const before = code.slice(start, end).replace(/\s+/g, ' ').trim()
  const short = before.length > 60 ? `${before.slice(0, 57)}…` : before
  return `\`${short}\` → ${text === '' || text === ';' ? 'nothing' : `\`${text}\``}`
}
