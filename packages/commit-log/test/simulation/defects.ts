/** A mistake that somebody could make: in this file of `src`, what is found becomes something else. */
export interface Defect {
  readonly name: string
  readonly file: string
  readonly find: string
  readonly replace: string
}

const SYNC = `      await this.#file.sync()
    } catch`

export const defects: readonly Defect[] = [
  { name: 'no fdatasync of a batch', file: 'writer.ts', find: SYNC, replace: '    } catch' },
  {
    name: 'an append returns before its fdatasync',
    file: 'writer.ts',
    find: SYNC,
    replace: '      void this.#file.sync().catch(() => {})\n    } catch',
  },
  {
    name: 'a failed fdatasync is tried again',
    file: 'writer.ts',
    find: SYNC,
    replace: '      await this.#file.sync().catch(() => this.#file.sync())\n    } catch',
  },
  {
    name: 'a failed batch is said to be absent for sure',
    file: 'writer.ts',
    find: "header, 'unknown', error)",
    replace: "header, 'definite', error)",
  },
  {
    name: 'a segment that may have its name is said not to',
    file: 'writer.ts',
    find: "this.#isNamed ? 'unknown' : outcome",
    replace: 'outcome',
  },
  {
    name: 'a roll hides used-up numbers',
    file: 'writer.ts',
    find: 'if (this.#mustLeave || this',
    replace: 'if (this',
  },
  {
    name: 'a segment whose name is in doubt is forgotten',
    file: 'writer.ts',
    find: `header, first)
    this.#mustLeave = true`,
    replace: 'header, first)',
  },
  {
    name: 'an append in the moment in which the writer stops is not seen',
    file: 'writer.ts',
    find: '    this.#running = undefined\n',
    replace: '    await undefined\n    this.#running = undefined\n',
  },
  {
    name: 'no fsync of the folder',
    file: 'whole-file.ts',
    find: '  await disk.syncFolder(folderOf(path))\n',
    replace: '',
  },
  {
    name: 'a file gets its name before it is on the device',
    file: 'whole-file.ts',
    find: '    await file.sync()\n',
    replace: '',
  },
  {
    name: 'a short write is taken for a whole one',
    file: 'whole-file.ts',
    find: 'done += written',
    replace: 'done = bytes.length',
  },
  {
    name: 'the checksum of a record is not bound to its number',
    file: 'format/seeds.ts',
    find: '(log ^ sequence ^ Math',
    replace: '(log) >>> (0 * Math',
  },
  {
    name: 'the checksum of a batch is not bound to its place',
    file: 'format/seeds.ts',
    find: ' ^ offset) >>> 0',
    replace: ' ^ (offset * 0)) >>> 0',
  },
  {
    name: 'records are not verified',
    file: 'format/record-frame.ts',
    find: '!== body.readUInt32LE(offset)',
    replace: '=== -body.readUInt32LE(offset)',
  },
  {
    name: 'what checks of a torn batch is taken',
    file: 'format/record-frame.ts',
    find: 'readUInt32LE(offset)) return undefined',
    replace: 'readUInt32LE(offset)) return records',
  },
  {
    name: 'the log ends at its first bad batch',
    file: 'segment-scanner.ts',
    find: 'if (later === undefined) return',
    replace: 'if (later !== null) return',
  },
  {
    name: 'what is behind the end of a segment is read',
    file: 'chain.ts',
    find: 'end = segment.header?.previous',
    replace: 'end = undefined',
  },
  {
    name: 'the page cache is trusted: the last batch is not repeated',
    file: 'survey.ts',
    find: 'this.#mark(found) === undefined ? this.#last : undefined',
    replace: 'this.#mark(found) === undefined ? undefined : this.#last',
  },
  {
    name: 'a mark of an orderly close is believed of any segment',
    file: 'survey.ts',
    find: 'clean?.segmentId === id ? clean : undefined',
    replace: 'id > 0 ? clean : undefined',
  },
  {
    name: 'a checkpoint does not tell that the end is lost',
    file: 'survey.ts',
    find: 'if (next <= first) return undefined',
    replace: 'if (next !== first - 0.5) return undefined',
  },
  {
    name: 'numbers that a checkpoint knows are used again',
    file: 'survey.ts',
    find: 'next: Math.max(1, tail?.next ?? 1, ',
    replace: 'next: Math.max(1, ',
  },
  {
    name: 'a reader reads what is not on the device',
    file: 'log-reader.ts',
    find: 'const window = new FileWindow(file, end.offset)\n    const scanner = new SegmentScanner(window, { id, base, end,',
    replace:
      'const window = new FileWindow(file, await file.size())\n    const scanner = new SegmentScanner(window, { id, base, end: undefined,',
  },
  {
    name: 'segments go before any checkpoint says so',
    file: 'checkpoints.ts',
    find: 'return this.#stored.length < KEPT ? 1 : Math.min(',
    replace: 'return Math.max(1, ...this.#stored.map(({ serial }) => serial * 20), ',
  },
  {
    name: 'a batch is acknowledged without a look whether its writer was replaced',
    file: 'writer.ts',
    find: `    try {
      this.verify()
    } catch (error) {
      return this.#giveUp(batch, error, 'unknown')
    }
`,
    replace: '',
  },
  {
    name: 'the newest segment is that of the largest id, whoever made it',
    file: 'inventory.ts',
    find: 'a.generation - b.generation || a.id - b.id',
    replace: 'a.id - b.id',
  },
  {
    name: 'the segment before is any of that id',
    file: 'chain.ts',
    find: 'other.id === id && other.generation === generation',
    replace: 'other.id === id',
  },
  {
    name: 'writers that begin a log do not agree on its id',
    file: 'recovery.ts',
    find: 'inventory.logId ?? wanted ?? randomId',
    replace: 'inventory.logId ?? randomId',
  },
  {
    name: 'who was replaced removes what his successor has not finished',
    file: 'recovery.ts',
    find: '      insistOnOwnership(verify)\n      await removeIfThere',
    replace: '      await removeIfThere',
  },
]
