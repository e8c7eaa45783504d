/** Whether a value is an object that carries a brand. Answers no for a proxy whose traps throw. */
export function hasBrand(value: unknown, brand: symbol): boolean {
  try {
    return typeof value === 'object' && value !== null && brand in value
  } catch {
    return false
  }
}
