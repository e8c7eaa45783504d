import type { Stretch } from '../src/index.js'

export const positionsOf = ({ from, to }: Stretch): readonly number[] =>
  Array.from({ length: to - from }, (_, index) => from + index)
