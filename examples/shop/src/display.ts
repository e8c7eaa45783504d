import { clearScreenDown, moveCursor } from 'node:readline'
import type { WriteStream } from 'node:tty'

const TABLE_EVERY_MS = 200
const LINE_EVERY_MS = 1_000

/** What there is to show, asked for whenever something is about to be shown. */
export interface View {
  /** For a terminal: some lines that replace those before. */
  table(): Promise<readonly string[]>
  /** For anything else: one more line. */
  line(): Promise<string>
}

/** Where the shop talks to its user. Errors go elsewhere. */
export interface Display extends AsyncDisposable {
  /** A line that stays. */
  say(line: string): void
  /** Progress, from now on, until the display is disposed of. */
  watch(view: View): void
}

/** Shows nothing. */
export const quietDisplay = (): Display => ({ say() {}, watch() {}, async [Symbol.asyncDispose]() {} })

/** A line a second. */
export function plainDisplay(output: WriteStream): Display {
  const repeated = new Repeated()
  const say = (line: string) => void output.write(`${line}\n`)
  return {
    say,
    watch: view => repeated.start(LINE_EVERY_MS, async () => say(await view.line())),
    [Symbol.asyncDispose]: () => repeated.stop(),
  }
}

/** A table that is drawn over and over, below what was said, and erased in the end: the totals take its place. */
export function liveDisplay(output: WriteStream): Display {
  const repeated = new Repeated()
  let shown: readonly string[] = []
  const draw = (above: string, lines: readonly string[]) => {
    // Shorter than the screen and narrower, or moving the cursor up would not get back to where the table began.
    const fitting = lines.slice(0, output.rows - 1).map(line => line.slice(0, output.columns - 1))
    moveCursor(output, -output.columns, -shown.length)
    clearScreenDown(output)
    output.write(above + fitting.map(line => `${line}\n`).join(''))
    shown = fitting
  }
  return {
    say: line => draw(`${line}\n`, shown),
    watch: view => repeated.start(TABLE_EVERY_MS, async () => draw('', await view.table())),
    [Symbol.asyncDispose]: async () => {
      await repeated.stop()
      draw('', [])
    },
  }
}

/** Does something again and again, never twice at once. */
class Repeated {
  #timer: NodeJS.Timeout | undefined
  #last: Promise<void> = Promise.resolve()

  start(ms: number, action: () => Promise<void>): void {
    this.#timer = setInterval(() => {
      this.#last = this.#last.then(action).catch(() => {}) // a broker that is away cannot be asked; nothing else is lost
    }, ms)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#last
  }
}
