import { describe, expect, it } from 'vitest'
import { TroubleBook } from '../src/trouble.js'

const [ME, OTHER] = [7, 8]

describe('TroubleBook', () => {
  const lost = (marked: boolean) => {
    const book = new TroubleBook()
    book.lost(1, ME, marked)
    const trouble = book.get(1)
    if (trouble === undefined) throw new Error('A lost lease is remembered until somebody claims the message.')
    return { book, trouble }
  }

  it('remembers nothing of a lease that its own instance gets again', () => {
    const { book, trouble } = lost(true)
    expect(book.losses(trouble, ME)).toBe(0)
    expect(book.judge(1, trouble, ME)).toBeUndefined()
    expect(book.size).toBe(0)
  })

  it('counts a loss when another instance gets it, once, and a mark where it was marked', () => {
    const { book, trouble } = lost(true)
    expect(book.losses(trouble, OTHER)).toBe(1)
    expect(book.judge(1, trouble, OTHER)).toMatchObject({ failures: 0, losses: 1, marks: 1 })
    expect(book.judge(1, trouble, ME)).toMatchObject({ losses: 1, marks: 1 })
    book.lost(1, ME, false)
    expect(book.judge(1, trouble, OTHER)).toMatchObject({ losses: 2, marks: 1 })
  })

  it('keeps what failed when nothing was lost, and takes a failure for the end of suspicion', () => {
    const { book, trouble } = lost(false)
    book.judge(1, trouble, OTHER)
    book.failed(1)
    expect(book.get(1)).toMatchObject({ failures: 1, losses: 0, marks: 0 })
    book.lost(1, ME, false)
    expect(book.judge(1, trouble, ME)).toMatchObject({ failures: 1, losses: 0 })
    book.forget(1)
    expect(book.size).toBe(0)
  })
})
