import type { Queue, Setup, Subject } from '../../subject.ts'
import { pluribus as anywhere } from '../pluribus.ts'
import { openAccount } from './account.ts'

/** Ours: the adapter does not count what waits, so the server is asked, which counts where there has been a consumer before. */
async function open(setup: Setup): Promise<Queue> {
  const earlier = await anywhere.open(setup)
  await earlier.consume(() => {})
  await earlier.close()
  const [queue, account] = await Promise.all([anywhere.open(setup), openAccount(setup.url)])
  const close = queue.close.bind(queue)
  return Object.assign(queue, {
    left: () => account.left(),
    close: async () => {
      await account.close()
      await close()
    },
  })
}

export const pluribus: Subject = { ...anywhere, open }
