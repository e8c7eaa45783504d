/** Something that the user of the shop has to put right: the input, or the broker it is given. The message says what. */
export class ShopError extends Error {
  override readonly name = 'ShopError'
}
