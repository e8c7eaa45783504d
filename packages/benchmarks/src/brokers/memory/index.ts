import type { BenchedBroker } from '../../broker.ts'
import { pluribus } from '../pluribus.ts'
import { emittery } from './emittery.ts'
import { fastqAwaited, fastqQueued, fastqQueued64 } from './fastq.ts'
import { goals } from './goals.ts'
import { rawEqual } from './raw-equal.ts'
import { rawLeased } from './raw-leased.ts'
import { rawMinimal } from './raw-minimal.ts'

export const broker: BenchedBroker = {
  name: 'memory',
  ours: pluribus.name,
  subjects: [pluribus, rawMinimal, rawLeased, rawEqual, emittery, fastqQueued, fastqQueued64, fastqAwaited],
  goals,
  scenarios: [
    'publish',
    'drain',
    'bytes',
    'single',
    'async',
    'json',
    'priority',
    'keys',
    'middlewares',
    'latency',
    'backlog-1k',
    'backlog-100k',
    'backlog-1M',
    'waiting-1k',
    'waiting-100k',
    'waiting-1M',
    'lag',
    'lag-busy',
  ],
  versions: ['@pluribus/core', '@pluribus/memory', 'emittery', 'fastq'],
}
