/** What bcrypt can hold: it reads 72 bytes of a password and would take any that begins with them. */
export const longestPasswordBytes = 72

export const defaultCost = 10
export const lowestCost = 4
/** A check at this cost takes a second or more; anything above is warned of. */
export const highestUsefulCost = 14

export function fitsBcrypt(password: string): boolean {
  return Buffer.byteLength(password) <= longestPasswordBytes
}

/** A hash that costs as much to compare as any other of its cost, and that is nobody's. */
export function nobodysHash(cost: number): string {
  return `$2b$${`${cost}`.padStart(2, '0')}$${'.'.repeat(53)}`
}
