import { LogError, type LogErrorInit } from './log-error.js'

/** Another writer may have the folder. */
export const outdated = (init: LogErrorInit): LogError =>
  new LogError(
    'OUTDATED',
    'Another writer has taken over the folder, so this log takes no more records. Close it, and open it anew once it is yours.',
    init,
  )

/** @throws LogError `OUTDATED` where `verify` throws. */
export function insistOnOwnership(verify: () => void): void {
  try {
    verify()
  } catch (cause) {
    throw outdated({ cause })
  }
}
