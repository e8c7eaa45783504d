/** What is measured of every broker that is a server; how much memory this process needs for what waits says nothing there. */
export const SERVER_SCENARIOS: readonly string[] = [
  'publish',
  'publish-4k',
  'drain',
  'drain-4k',
  'bytes',
  'bytes-4k',
  'wide',
  'single',
  'latency',
  'backlog-1k',
  'backlog-100k',
  'backlog-1M',
  'steady',
]

/** Those that a raw queue takes part in: it keeps everything, which ten minutes of would not fit. */
export const RAW_SCENARIOS: readonly string[] = SERVER_SCENARIOS.filter(name => name !== 'steady')

/** Those that a peer takes part in: its backlog of a million would take as long as all the rest. */
export const PEER_SCENARIOS: readonly string[] = ['publish', 'drain', 'bytes', 'bytes-4k', 'wide', 'single', 'latency']

/** Those in which nothing has to be stored. */
export const FLOWING_SCENARIOS: readonly string[] = ['bytes', 'bytes-4k', 'wide', 'single', 'latency']
