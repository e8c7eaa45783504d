import { describe, expect, it, test } from 'vitest'
import { checkId, checkSubscriptionName, checkTopicName } from '../../src/model/names.js'
import { NOT_TEXT, refused } from './refused.js'

const ILLEGAL_EVERYWHERE: readonly (readonly [string, string])[] = [
  ['empty (N1)', ''],
  ['249 bytes (N2)', 'a'.repeat(249)],
  ['255 bytes (N2)', 'a'.repeat(255)],
  ['65,536 bytes (N2)', 'a'.repeat(65_536)],
  ['2 MB (N2)', 'é'.repeat(1_000_000)],
  ['dot (N3)', '.'],
  ['dot dot (N3)', '..'],
  ['parent (N3)', '../x'],
  ['parents (N3)', 'a/../../b'],
  ['absolute (N3)', '/etc/passwd'],
  ['drive (N3)', 'C:\\x'],
  ['UNC (N3)', '\\\\host\\share'],
  ...['\0', '\r', '\n', '\t', '\x1b', '\x7f', '\x85'].map(c => [`control ${c.charCodeAt(0)} (N4)`, `a${c}b`] as const),
  ['trailing newline (N4)', 'orders\n'],
  ['percent (N5)', '%2e%2e%2f'],
  ['double percent (N5)', '%252e'],
  ['device in capitals (N6)', 'CON'],
  ['trailing dot (N6)', 'orders.'],
  ['trailing blank (N6)', 'orders '],
  ['capital (N7)', 'Orders'],
  ['NFC (N8)', 'caf\u00e9'],
  ['NFD (N8)', 'cafe\u0301'],
  ['lone surrogate (N9)', 'a\ud800'],
  ['BOM (N9)', '\ufefforders'],
  ['RTL override (N9)', 'a\u202eb'],
  ['zero width (N9)', 'a\u200bb'],
  ['emoji (N9)', '🚀'],
  ['Kelvin sign, k in lower case (N9)', '\u212aafka'],
  ['proto (N10)', '__proto__'],
  ['hasOwnProperty (N10)', 'hasOwnProperty'],
  ['SQL (N11)', "'; DROP TABLE x"],
  ...['"', '`', '$$', '\\', '/*', ';'].map(c => [`quoting ${c} (N11)`, `a${c}`] as const),
  ...['*', '>', '#', '+', '$SYS.x', '__consumer_offsets', '_'].map(c => [`wildcard ${c} (N12)`, c] as const),
  ['hash tag (N13)', '{tag}'],
  ['braces (N13)', '}{'],
  ['Lua (N14)', ']]'],
  ['stars (N15)', '*'.repeat(50)],
  ['blanks (N16)', '   '],
]

describe('checkTopicName', () => {
  test.each([
    'a',
    '0',
    '-',
    'orders',
    'orders.placed',
    'a.b.c.d',
    'orders-v2.placed',
    '-rf',
    '--help',
    'con',
    'nul',
    'a'.repeat(100),
    `${'a.'.repeat(49)}aa`,
  ])('takes %s', name => {
    expect(checkTopicName(name)).toBe(name)
  })

  test.each([
    ...ILLEGAL_EVERYWHERE,
    ['101 characters', 'a'.repeat(101)] as const,
    ['leading dot', '.orders'] as const,
    ['empty segment', 'orders..placed'] as const,
    ['10,000 segments (N15)', 'a.'.repeat(10_000)] as const,
  ])('refuses %s', (_, name) => {
    const { message, details } = refused(() => checkTopicName(name), 'INVALID_ARGUMENT')
    expect(message).toContain('topic name')
    expect(message).toContain("such as 'orders.placed'")
    expect(details).toMatchObject({ argument: 'topic name' })
  })

  test.each(NOT_TEXT)('refuses %s (N17)', (_, value) => {
    refused(() => checkTopicName(value), 'INVALID_ARGUMENT')
  })

  test.each([
    ['Orders.Placed', 'orders.placed'],
    ['orders_placed', 'orders-placed'],
    ['orderPlaced', 'order-placed'],
    ['orders/placed', 'orders.placed'],
    ['orders:placed', 'orders.placed'],
    ['Orders Placed', 'orders-placed'],
  ])('suggests for %s', (name, suggestion) => {
    expect(refused(() => checkTopicName(name), 'INVALID_ARGUMENT').message).toContain(`Did you mean '${suggestion}'?`)
  })

  test.each(['../x', 'orders.*', '', 'a'.repeat(101), 'café', '.Orders'])('does not guess for %s', name => {
    expect(refused(() => checkTopicName(name), 'INVALID_ARGUMENT').message).not.toContain('Did you mean')
  })

  it('shows a long name shortened, and an invisible character escaped', () => {
    const { message } = refused(() => checkTopicName(`a\u202e\u0000${'b'.repeat(2_000_000)}`), 'INVALID_ARGUMENT')
    expect(message).toContain('"a\\u202e\\u0000bbb')
    expect(message).toContain('(2000003 characters)')
  })

  it('is quick with hostile names', () => {
    const start = performance.now()
    for (const name of ['a.'.repeat(50_000), `${'a-'.repeat(49)}!`, 'a'.repeat(1_000_000)]) {
      refused(() => checkTopicName(name), 'INVALID_ARGUMENT')
    }
    expect(performance.now() - start).toBeLessThan(500)
  })
})

describe('checkSubscriptionName', () => {
  test.each(['a', 'billing', 'billing-2', '0', 'a'.repeat(60)])('takes %s', name => {
    expect(checkSubscriptionName(name)).toBe(name)
  })

  test.each([...ILLEGAL_EVERYWHERE, ['61 characters', 'a'.repeat(61)] as const, ['a dot', 'a.b'] as const])(
    'refuses %s',
    (_, name) => {
      const { message } = refused(() => checkSubscriptionName(name), 'INVALID_ARGUMENT')
      expect(message).toContain('subscription name')
    },
  )

  test.each(NOT_TEXT)('refuses %s (N17)', (_, value) => {
    refused(() => checkSubscriptionName(value), 'INVALID_ARGUMENT')
  })

  test.each([
    ['Billing', 'billing'],
    ['billing_team', 'billing-team'],
    ['billing.team', 'billing-team'],
  ])('suggests for %s', (name, suggestion) => {
    expect(refused(() => checkSubscriptionName(name), 'INVALID_ARGUMENT').message).toContain(`'${suggestion}'`)
  })
})

const LEGAL_IDS = [
  'a',
  '0',
  ' ',
  '__proto__',
  'constructor',
  '../x',
  '%2e',
  'CON',
  'caf\u00e9',
  'cafe\u0301',
  '🚀',
  '\u202e',
  "'; DROP TABLE",
  '*',
  '{tag}',
  ']]',
  '-rf',
  '\ufeff',
  'a'.repeat(200),
  '🚀'.repeat(100),
]
const ILLEGAL_IDS: readonly (readonly [string, string])[] = [
  ['a lone high surrogate', 'a\ud800'],
  ['a lone low surrogate', '\udc00a'],
  ...['\0', '\r', '\n', '\t', '\x1b', '\x7f', '\x85', '\x9f'].map(
    c => [`control ${c.charCodeAt(0)}`, `a${c}b`] as const,
  ),
  ['1 MB (P13)', 'a'.repeat(1_000_000)],
]

describe('checkId', () => {
  test.each(LEGAL_IDS)('takes %j, as it is', id => {
    expect(checkId(id, 'message id')).toBe(id)
    expect(checkId(id, 'ordering key')).toBe(id)
    expect(checkId(id, 'correlation id')).toBe(id)
  })

  it('takes an empty key, and no empty id', () => {
    expect(checkId('', 'ordering key')).toBe('')
    for (const what of ['message id', 'correlation id', 'causation id'] as const) {
      expect(refused(() => checkId('', what), 'INVALID_ARGUMENT').message).toContain(what)
    }
  })

  it('has a limit of 200 for ids and 1,000 for keys', () => {
    expect(checkId('k'.repeat(1_000), 'ordering key')).toHaveLength(1_000)
    expect(refused(() => checkId('k'.repeat(1_001), 'ordering key'), 'INVALID_ARGUMENT').message).toContain(
      '0 to 1,000',
    )
    expect(refused(() => checkId('i'.repeat(201), 'message id'), 'INVALID_ARGUMENT').message).toContain('1 to 200')
  })

  test.each(ILLEGAL_IDS)('refuses %s', (_, id) => {
    refused(() => checkId(id, 'message id'), 'INVALID_ARGUMENT')
    refused(() => checkId(id, 'ordering key'), 'INVALID_ARGUMENT')
  })

  test.each(NOT_TEXT)('refuses %s (N17)', (_, value) => {
    refused(() => checkId(value, 'message id'), 'INVALID_ARGUMENT')
  })

  it('tells what to do with a number', () => {
    expect(refused(() => checkId(7, 'message id'), 'INVALID_ARGUMENT').message).toContain('String(value)')
  })
})
