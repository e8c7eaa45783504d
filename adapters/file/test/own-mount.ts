import { execFileSync } from 'node:child_process'
import { onTestFinished } from 'vitest'

const mount = (...args: readonly string[]) => execFileSync('mount', args, { stdio: 'pipe' })

/**
 * Makes a folder read-only, as a file system that was mounted so. Answers how to undo it; undefined where this machine lets nobody mount,
 * which takes root.
 */
export function makeReadOnly(folder: string): (() => void) | undefined {
  try {
    mount('--bind', folder, folder)
  } catch {
    return undefined
  }
  let isMounted = true
  const undo = () => {
    if (isMounted) execFileSync('umount', ['-l', folder])
    isMounted = false
  }
  onTestFinished(undo)
  mount('-o', 'remount,bind,ro', folder)
  return undo
}
