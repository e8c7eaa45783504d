/** How long a broken adapter takes between two steps that belong together, in milliseconds. */
export const LAG = 10
