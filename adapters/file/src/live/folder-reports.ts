import { LogError, type LogNotice, type RecoveryReport } from '@pluribus/commit-log'
import { isPluribusError, type Logger } from '@pluribus/core/driver'

/** Tells people what the log of a folder has noticed. */
export function reportNotice(logger: Logger, { kind, error }: LogNotice): void {
  // What a look at who leads has failed with.
  const isReplaced = isPluribusError(error) || (error instanceof LogError && error.code === 'OUTDATED')
  if (isReplaced) logger.info({ kind, error }, 'This process leads the folder no more, and writes nothing more.')
  else if (kind === 'room') logger.info({ kind }, 'The disk has room again.')
  else if (kind === 'full') logger.warn({ kind, error }, 'The disk is full: publishing fails until there is room.')
  else if (kind === 'failed') logger.error({ kind, error }, 'The disk has failed twice: the folder is opened anew.')
  else logger.warn({ kind, error }, `The log of the folder has noticed: ${kind}.`)
}

/** Tells people what was found when a folder was opened. */
export function reportRecovery(logger: Logger, { damage, absent, discarded, quarantined }: RecoveryReport): void {
  if (damage.length + absent.length > 0) {
    logger.error({ damage, absent, quarantined }, 'The folder was damaged, and what is lost is lost.')
  }
  if (discarded !== undefined) {
    logger.info(
      { discarded },
      'What was being written when the folder was used last was not complete, and is left out.',
    )
  }
}
