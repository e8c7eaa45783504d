/** Why some ids of the catalogue have no case: by reason. */
export const EXCLUDED: readonly { readonly ids: readonly string[]; readonly reason: string }[] = [
  {
    ids: ['CAP-02'],
    reason:
      'shown by the test of the engine: a target or an adapter with a member or capability that nobody knows is refused',
  },
  {
    ids: ['CAP-03'],
    reason: 'shown by the test of defineTarget: capabilities in a target are refused',
  },
  {
    ids: ['CAP-04'],
    reason: 'shown by the test of reports: what is claimed and not proved is unverified, and the run does not conform',
  },
  {
    ids: ['CAP-05', 'CAP-06', 'CAP-07', 'CAP-08'],
    reason: 'the cases of group REF: one probe for each thing that can be refused, which also looks for effects',
  },
  {
    ids: ['CAP-09'],
    reason: 'not part of the contract: dead letters are not optional, so that nothing refuses them',
  },
  {
    ids: ['CAP-12'],
    reason: 'an adapter that wraps others (dual-write) is a target of its own, and runs the whole suite',
  },
  {
    ids: ['CAP-13'],
    reason:
      'not part of the contract: what is emulated has to pass the same cases, and costs nothing that is not claimed elsewhere',
  },
  {
    ids: ['CAP-18'],
    reason: "shown by core's tests of types",
  },
  {
    ids: ['LIF-02'],
    reason: 'not part of the contract: createBroker opens once, there is no open() to call twice',
  },
  {
    ids: ['LIF-14', 'SUB-14'],
    reason: 'not part of the contract: opening, publishing and subscribing take no signal',
  },
  {
    ids: ['PUB-17', 'PUB-18'],
    reason: 'not part of the contract: transactions, DESIGN §14',
  },
  {
    ids: ['PUB-19'],
    reason: "not part of the contract: a message's time is its publisher's, and no caller supplies it",
  },
  {
    ids: ['PUB-21', 'RPL-06'],
    reason: 'not part of the contract: a new subscription starts at the earliest retained message',
  },
  {
    ids: ['SUB-10', 'SUB-11', 'PRE-10'],
    reason: 'not part of the contract: consuming by iteration, DESIGN §14',
  },
  {
    ids: ['ACK-08'],
    reason: 'not part of the contract: tokens are opaque and never leave core, so that nobody can forge one',
  },
  {
    ids: ['RTY-10'],
    reason: 'the same as NCK-08, a handler that rejects, and DLQ-07, data that nobody can read',
  },
  {
    ids: ['RTY-17'],
    reason: 'the same as DLQ-13: a redriven message starts at attempt 1; nothing counts over lives',
  },
  {
    ids: ['ERR-10'],
    reason: 'the same for all adapters: core wraps the logger before one of them sees it, and has tests of that',
  },
  {
    ids: ['HND-11'],
    reason: 'not part of the contract: what is thrown outside of a handler and its promise is an error of the process',
  },
  {
    ids: ['HND-13'],
    reason: 'not part of the contract: when an engine collects what is no longer used; growth is watched by group LEK',
  },
  {
    ids: ['HND-08', 'HND-09'],
    reason: 'not part of the contract: handlers settle by what they return',
  },
  {
    ids: ['RTY-07'],
    reason: 'not part of the contract: the ladder is a finite list of delays, without jitter',
  },
  {
    ids: ['RTY-11'],
    reason: 'not part of the contract: attempts belong to the subscription',
  },
  {
    ids: ['DLQ-09'],
    reason: 'not part of the contract: dead letters are not consumed, but looked at, redriven and discarded',
  },
  {
    ids: ['DLQ-10', 'PRI-15', 'TTL-01', 'TTL-02', 'TTL-03', 'TTL-04', 'TTL-05', 'TTL-06', 'TTL-07', 'TTL-08'],
    reason: 'not part of the contract: messages do not expire',
  },
  {
    ids: ['NCK-11', 'FIF-04', 'PSN-02'],
    reason: 'not part of the contract: without a key, others pass a message that is retried; with one, KEY-04',
  },
  {
    ids: ['FIF-13'],
    reason: 'not part of the contract: every adapter has some order, or REF-fifo',
  },
  {
    ids: ['PRI-14'],
    reason: 'not part of the contract: what has been published is not changed',
  },
  {
    ids: ['DLY-08'],
    reason: 'not part of the contract: what has been published is not cancelled',
  },
  {
    ids: ['FAN-06'],
    reason: 'not part of the contract: topic patterns, DESIGN §14',
  },
  {
    ids: ['FAN-07'],
    reason: 'not part of the contract: ephemeral subscriptions, DESIGN §14',
  },
  {
    ids: ['RPL-07'],
    reason:
      'not part of the contract: `retention: may-drop-pending` says that a subscription may fall behind; nothing signals it',
  },
  {
    ids: ['RPL-08'],
    reason: 'not part of the contract: where a subscription starts is decided once',
  },
  {
    ids: ['PRE-06'],
    reason: 'not part of the contract: changing concurrency while running, DESIGN §14',
  },
  {
    ids: ['PRE-08'],
    reason: 'what a consumer holds is bounded by PRE-01, whatever waits; memory is measured by the long campaign',
  },
  {
    ids: ['GRP-10'],
    reason: 'the same as CON-05, which shares a subscription among processes of the machine',
  },
  {
    ids: ['CON-06'],
    reason:
      'not part of the contract: every store is shared by processes, that of files too, through an elected leader',
  },
  {
    ids: ['BAT-07', 'BAT-08', 'BAT-09', 'BAT-10', 'BAT-11', 'BAT-12'],
    reason: 'not part of the contract: batch handlers, DESIGN §14',
  },
  {
    ids: ['DDP-11'],
    reason: 'not part of the contract: the inbox is not offered yet',
  },
  {
    ids: ['FID-17'],
    reason: 'not part of the contract: compression and encryption, DESIGN §14',
  },
  {
    ids: ['PSN-04'],
    reason: 'not part of the contract: no policy knows the age of a message',
  },
  {
    ids: ['PER-04', 'PER-05', 'PER-06', 'PER-07', 'PER-08', 'PER-09', 'PER-10', 'PER-11', 'PER-12', 'PER-16', 'PBT-07'],
    reason: "shown by the tests of the packages that write files: they need the adapter's disk, not its contract",
  },
  {
    ids: ['PER-13'],
    reason: "shown by the adapters' benchmarks and long runs: how fast a large backlog opens is no promise",
  },
  {
    ids: ['PER-14'],
    reason: 'the contract has no interface of its own for it: Persistence is asked by ADM, DLQ and RPL',
  },
  {
    ids: ['PER-15'],
    reason: 'shown by the tests of the packages that write files: their simulated disk fails at every operation',
  },
  {
    ids: ['PER-17'],
    reason: 'not part of the contract: durability is stated, nobody asks for it',
  },
  {
    ids: ['OBX-01', 'OBX-04', 'OBX-05', 'OBX-09', 'OBX-11', 'OBX-12', 'OBX-13', 'PBT-08'],
    reason:
      "not part of the contract: no table of a caller's database is read; the outbox is a subscription of the local log, DESIGN §7",
  },
  {
    ids: [
      'OBX-02',
      'OBX-03',
      'OBX-06',
      'OBX-07',
      'OBX-08',
      'OBX-10',
      'OBX-14',
      'OBX-15',
      'OBX-16',
      'OBX-17',
      'OBX-18',
      'OBX-19',
      'DUL-01',
      'DUL-02',
      'DUL-03',
      'DUL-04',
      'DUL-05',
      'DUL-06',
      'DUL-07',
      'DUL-08',
      'DUL-09',
      'DUL-10',
      'DUL-11',
    ],
    reason: 'shown by the tests of dual-write, which is an adapter and runs this suite as well, DESIGN §7',
  },
  {
    ids: ['ADM-04'],
    reason: 'not part of the contract: a subscription is removed, not emptied',
  },
  {
    ids: ['ADM-08'],
    reason: 'not part of the contract: connection events say whether the broker is there',
  },
  {
    ids: ['HIS-01', 'HIS-02', 'HIS-03', 'HIS-04', 'HIS-05', 'HIS-06', 'HIS-07', 'HIS-08', 'HIS-09'],
    reason: 'a check of every history, after every case: src/history/checks, each with a test of its own',
  },
  {
    ids: ['HIS-10', 'SMK-07'],
    reason: 'numbers of the report, which never decide about a verdict',
  },
  {
    ids: ['HIS-11'],
    reason: 'shown by the test of the engine: a case that shows nothing is unknown',
  },
  {
    ids: ['HIS-13'],
    reason: 'shown by the tests of the checks: each finds what is planted, and passes a clean history',
  },
  {
    ids: ['LEK-02'],
    reason: 'measured by the long campaign: the heap of one short case says nothing',
  },
  {
    ids: ['LEK-04'],
    reason: "each case has a store of its own, which the target's cleanup drops; connections are LEK-03",
  },
  {
    ids: ['LEK-06'],
    reason: 'looked at after every case in virtual time: a timer that is left fails it',
  },
  {
    ids: ['LEK-07'],
    reason: "shown by the file adapter's own tests: files are not part of the contract",
  },
  {
    ids: ['SMK-01', 'SMK-02'],
    reason: 'figures of speed belong to the benchmarks, DESIGN §13, and never decide about a verdict',
  },
  {
    ids: ['OBS-01', 'OBS-02', 'OBS-03'],
    reason: 'not part of the contract: metrics and traces, DESIGN §14',
  },
  {
    ids: ['PSN-03'],
    reason: 'the same as CRS-03, a message that kills its process each time',
  },
  {
    ids: ['NET-10'],
    reason:
      "not part of the contract: names are resolved by each adapter's client, and there is no hook for a resolver",
  },
  {
    ids: ['RST-12'],
    reason: 'needs a cluster: the brokers of the tests are one server each, DESIGN §10',
  },
  {
    ids: ['RST-13', 'FRN-07'],
    reason: 'there is no earlier version to come from: from the first release on golden files of each codec show it',
  },
  {
    ids: ['FRN-04'],
    reason: 'not part of the contract: a message without our envelope has no id; FRN-01 shows that it breaks nothing',
  },
  {
    ids: ['FRN-06'],
    reason: 'the same as DCL-01: what is stored and differs is a CONFLICT, whoever has stored it',
  },
]
