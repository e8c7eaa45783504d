import { type MessagePort, workerData } from 'node:worker_threads'
import { Command, Redis } from 'ioredis'
import type { Call } from './sync-redis.ts'

const { port, channel, signal } = workerData as { port: number; channel: MessagePort; signal: Int32Array }
const redis = new Redis({ host: '127.0.0.1', port, protocol: 2 })

channel.on('message', async (calls: readonly Call[]) => {
  try {
    const replies = await Promise.all(
      calls.map(([name, ...args]) =>
        redis.sendCommand(
          new Command(
            String(name),
            args.map(arg => (arg instanceof Uint8Array ? Buffer.from(arg) : arg)),
            { replyEncoding: null },
          ),
        ),
      ),
    )
    channel.postMessage({ replies })
  } catch (error) {
    channel.postMessage({ error: String(error) })
  }
  Atomics.store(signal, 0, 1)
  Atomics.notify(signal, 0)
})
