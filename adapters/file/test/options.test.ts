import { parseBrokerUrl } from '@pluribus/core/driver'
import { describe, expect, test } from 'vitest'
import { file, fromUrl } from '../src/index.js'
import { optionsOf, resolveOptions } from '../src/options.js'

const urlOf = (text: string) => parseBrokerUrl(text, 'adapter')

describe('options', () => {
  test('have defaults', () => {
    expect(resolveOptions({ dir: 'data' })).toEqual({
      dir: 'data',
      name: 'file',
      window: 300_000,
      onDamage: 'refuse',
      leaderTimeout: 5_000,
      unsafeFilesystem: false,
    })
  })

  test.each([
    ['no dir', {}],
    ['an empty dir', { dir: '' }],
    ['a dir with a zero', { dir: 'a\0b' }],
    ['a home folder, which is for shells', { dir: '~/data' }],
    ['a dir that is a number', { dir: 7 }],
    ['an empty name', { dir: 'd', name: '' }],
    ['an unknown policy', { dir: 'd', onDamage: 'ignore' }],
    ['a window that is too short', { dir: 'd', deduplicationWindow: 99 }],
    ['a window that is too long', { dir: 'd', deduplicationWindow: '25h' }],
    ['a timeout that is too short', { dir: 'd', leaderTimeout: 499 }],
    ['a timeout that is too long', { dir: 'd', leaderTimeout: '6m' }],
    ['a risk that is neither taken nor not', { dir: 'd', unsafeFilesystem: 'yes' }],
    ['a misspelt option', { dri: 'd' }],
  ])('%s is refused', (_, options) => {
    expect(() => file(options as never)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
  })
})

describe('URLs', () => {
  test.each([
    ['file:./data', { dir: './data', window: 300_000 }],
    ['file:../data', { dir: '../data' }],
    ['file:/var/lib/shop', { dir: '/var/lib/shop' }],
    ['file:///var/lib/shop%20one', { dir: '/var/lib/shop one' }],
    [
      'file:data?deduplicationWindow=1h&onDamage=quarantine',
      { dir: 'data', window: 3_600_000, onDamage: 'quarantine' },
    ],
  ])('%s', (url, options) => {
    expect(optionsOf(urlOf(url))).toMatchObject(options)
    expect(fromUrl(urlOf(url)).name).toBe('file')
  })

  test.each([
    'file:./data?name=x',
    'file:./data?onDamage=ignore',
    'file:./data?deduplicationWindow=7d',
    'file:./data?leaderTimeout=soon',
    'file:./data%00',
    'file:~/data',
    'file:~',
  ])('%s cannot be meant', url => {
    expect(() => fromUrl(urlOf(url))).toThrow(expect.objectContaining({ code: 'INVALID_CONFIGURATION' }))
  })
})
