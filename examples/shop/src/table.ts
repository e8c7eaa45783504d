/** Rows as text columns: names to the left, figures to the right. */
export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const cells = [header, ...rows].map(row => row.map(cell => (typeof cell === 'number' ? thousands(cell) : cell)))
  const widths = header.map((_, column) => Math.max(...cells.map(row => (row[column] ?? '').length)))
  const isFigure = header.map((_, column) => typeof rows[0]?.[column] === 'number')
  const line = (row: readonly string[]) =>
    row.map((cell, column) =>
      isFigure[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
    )
  return cells.map(row => line(row).join('  ').trimEnd())
}

export const thousands = (value: number): string => value.toLocaleString('en')
