/** What is measured of a broker that is a folder. */
export const FOLDER_SCENARIOS: readonly string[] = [
  'publish',
  'publish-wide',
  'publish-callers',
  'publish-callers-wide',
  'publish-4k',
  'drain',
  'bytes',
  'wide',
  'single',
  'topics-16',
  'topics-64',
  'latency',
  'backlog-1k',
  'backlog-100k',
  'backlog-1M',
  'waiting-100k',
  'waiting-1M',
  'open-1M',
  'lag',
  'steady',
]

/** Those that a raw queue takes part in. */
export const RAW_SCENARIOS: readonly string[] = [
  'publish',
  'publish-wide',
  'publish-callers',
  'publish-callers-wide',
  'publish-4k',
  'drain',
  'bytes',
  'wide',
  'single',
  'latency',
  'backlog-1k',
  'backlog-100k',
  'backlog-1M',
]

/** Those in which a log alone, without queues, takes part. */
export const PUBLISHING_SCENARIOS: readonly string[] = RAW_SCENARIOS.filter(name => name.startsWith('publish'))
