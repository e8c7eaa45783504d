/** Something has not come about within its budget. */
export class Overdue extends Error {
  override readonly name = 'Overdue'
}
