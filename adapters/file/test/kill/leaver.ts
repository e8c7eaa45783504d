/** Uses a folder until it is told to end, and ends in good order. Argument: the folder. */
import { createBroker } from '@pluribus/core'
import { file } from '../../src/index.js'

const [dir = ''] = process.argv.slice(2)

const broker = await createBroker({ adapter: file({ dir, leaderTimeout: '30s' }), journal: 'off' })
process.once('SIGTERM', () => void broker.close())
process.stdout.write('there\n')
