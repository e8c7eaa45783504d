import type { BenchedBroker } from '../../broker.ts'
import { emittery } from './emittery.ts'
import { fastqAwaited, fastqQueued, fastqQueued64 } from './fastq.ts'
import { goals } from './goals.ts'
import { pluribus } from './pluribus.ts'
import { rawEqual } from './raw-equal.ts'
import { rawLeased } from './raw-leased.ts'
import { rawMinimal } from './raw-minimal.ts'

export const broker: BenchedBroker = {
  name: 'memory',
  ours: pluribus.name,
  subjects: [pluribus, rawMinimal, rawLeased, rawEqual, emittery, fastqQueued, fastqQueued64, fastqAwaited],
  goals,
  versions: ['@pluribus/core', '@pluribus/memory', 'emittery', 'fastq'],
}
