/** A callback of core's that throws is a bug there: loud, but never in the way of the fault that is being injected. */
export const tell = (event: () => void): void => {
  try {
    event()
  } catch (thrown) {
    queueMicrotask(() => {
      throw thrown
    })
  }
}
