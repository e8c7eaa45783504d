/**
 * The program of a supervisor: a process between a server and its user, who asks it by messages. When the channel closes,
 * because its user has ended or was killed, it ends the server, deletes its folder and ends itself.
 */
import { chownSync, mkdirSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { Job, Question, Report, Request } from './protocol.ts'
import { SupervisedServer } from './supervised-server.ts'

/** How long a server may take to end when nobody wants its data any more, in milliseconds. */
const DISCARD_PATIENCE = 5_000

let folder: string | undefined
let server: SupervisedServer | undefined
let discardSignal: NodeJS.Signals = 'SIGKILL'
let isAbandoned = false

function report(what: Report): void {
  if (!process.connected) return
  process.send?.(what, (error: Error | null) => {
    // Its user has vanished: 'disconnect' follows, and does what is to be done.
    if (error !== null && process.connected) throw error
  })
}

function claim(path: string, owner: Job['owner']): boolean {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
  folder = path
  if (owner !== undefined) chownSync(path, owner.uid, owner.gid)
  return true
}

async function launch(job: Job): Promise<SupervisedServer> {
  if (server !== undefined) throw new Error('It runs already.')
  if (isAbandoned) throw new Error('Its user has vanished.')
  // Between these two lines run only microtasks: the end of the channel cannot come between them.
  const launched = await SupervisedServer.spawn(job)
  server = launched
  return launched
}

async function run(job: Job): Promise<void> {
  const running = await launch(job)
  const outcome = await running.ended
  server = undefined
  if (outcome !== '0') throw new Error(`${job.file} has ended (${outcome}).`)
}

async function end(signal: NodeJS.Signals, patience: number): Promise<boolean> {
  const ending = server
  if (ending === undefined) return true
  const wasOrderly = await ending.end(signal, patience)
  if (server === ending) server = undefined
  return wasOrderly
}

async function discard(): Promise<void> {
  await end(discardSignal, DISCARD_PATIENCE)
  if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  folder = undefined
}

async function answer(question: Question): Promise<boolean> {
  switch (question.ask) {
    case 'claim':
      return claim(question.folder, question.owner)
    case 'yield':
      if (folder !== undefined) rmSync(folder, { recursive: true })
      folder = undefined
      return true
    case 'run':
      await run(question.job)
      return true
    case 'start': {
      discardSignal = question.discard ?? 'SIGKILL'
      const started = await launch(question.job)
      void started.ended.then(outcome => report({ ended: outcome }))
      return true
    }
    case 'signal':
      server?.signal(question.signal)
      return true
    case 'end':
      return await end(question.signal, question.patience)
    case 'discard':
      await discard()
      return true
  }
}

async function abandon(): Promise<void> {
  isAbandoned = true
  await discard()
  process.exit(0)
}

process.on('message', (request: Request) => {
  answer(request).then(
    value => report({ id: request.id, answer: value }),
    (error: unknown) => report({ id: request.id, failure: error instanceof Error ? error.message : String(error) }),
  )
})
process.on('disconnect', abandon)
process.on('SIGTERM', abandon)
process.on('SIGINT', abandon)
process.on('SIGHUP', abandon)
