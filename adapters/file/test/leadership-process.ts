/**
 * A process that joins the folder it is told, again and again. As a leader it appends to the log there, and says, a line each, what it has
 * become and what was acknowledged.
 */
import { join } from 'node:path'
import { CommitLog, lastGeneration, nodeDisk } from '@pluribus/commit-log'
import { FolderLeadership } from '../src/leadership/folder-leadership.js'
import { Leader } from '../src/leadership/leader.js'
import { realEnvironment } from './socket-environment.js'

const [folder, leaderTimeout] = [process.argv[2] as string, Number(process.argv[3])]
const disk = nodeDisk(join(folder, 'log'))
const BETWEEN_APPENDS = 5

const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)

const leadership = new FolderLeadership({
  folder,
  environment: realEnvironment,
  idle: realEnvironment,
  leaderTimeout,
  unsafeFilesystem: false,
  floor: () => lastGeneration(disk),
  explain: error => error,
})

for (;;) {
  let tellLost = () => {}
  const lost = new Promise<void>(resolve => {
    tellLost = resolve
  })
  const joined = await leadership.join({ push: () => {}, lost: () => tellLost() })
  if (joined instanceof Leader) await lead(joined)
  else {
    say({ follows: joined.generation })
    await lost
  }
}

async function lead(leader: Leader): Promise<void> {
  const { generation } = leader
  try {
    const verify = () => leader.verify()
    const log = await CommitLog.open({
      disk,
      generation,
      verify,
      logId: leader.origin,
      limits: { segmentBytes: 20_000, reserveBytes: 0 },
    })
    leader.serve(() => ({ methods: {}, closed: () => {} }))
    say({ leads: generation })
    for (let number = 1; ; number++) {
      const sequence = await log.append(1, Buffer.from(JSON.stringify({ generation, number })))
      say({ acknowledged: sequence, generation, number })
      await new Promise(resolve => setTimeout(resolve, BETWEEN_APPENDS))
    }
  } catch (error) {
    say({ stops: generation, code: (error as { code?: unknown }).code, message: String(error) })
    await leader.close()
  }
}
