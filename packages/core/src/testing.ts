export type { FaultAction, FaultOperation, FaultScript, FaultStep } from './testing/fault-script.js'
export type {
  RecordableContext,
  RecordableMessage,
  RecordedRun,
  RunLabels,
  RunOutcome,
} from './testing/handler-run.js'
export { InjectedFault } from './testing/injected-fault.js'
export { type RecordedEvent, Recorder } from './testing/recorder.js'
export { type LogLine, type RecordingLogger, recordingLogger } from './testing/recording-logger.js'
export { seededRandom } from './testing/seeded-random.js'
export { unreliable } from './testing/unreliable.js'
export type {
  FailMessagesOptions,
  FailOptions,
  GateOptions,
  LoseOptions,
  TimesOptions,
  UnreliableAdapter,
} from './testing/unreliable-adapter.js'
export { VirtualClock, type VirtualClockOptions, type WaitOptions } from './testing/virtual-clock.js'
