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
export { type SimLogOptions, simLog } from './testing/sim-log/index.js'
export type { SimLogFaults } from './testing/sim-log-server/sim-faults.js'
export { SimLogError, type SimLogErrorKind } from './testing/sim-log-server/sim-log-error.js'
export { SimLogServer, type SimLogServerOptions } from './testing/sim-log-server/sim-log-server.js'
export type { StoredSimRecord } from './testing/sim-log-server/sim-partition.js'
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
