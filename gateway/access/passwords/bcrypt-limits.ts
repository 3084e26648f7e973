/** The limits of bcrypt: the length of a password, and the cost of a comparison. */

/** It reads so much of a password and would take any that begins with it. */
export const longestPasswordBytes = 72

export const defaultCost = 10
export const lowestCost = 4
/** A check at this cost takes a second or more; anything above is warned of. */
export const highestUsefulCost = 14

export function isReadWhole(password: string): boolean {
  return Buffer.byteLength(password) <= longestPasswordBytes
}

/** A hash that costs as much to compare as any other of its cost, and that is nobody's. */
export function nobodysHash(cost: number): string {
  return `$2b$${`${cost}`.padStart(2, '0')}$${'.'.repeat(53)}`
}

/**
 * Hashes to compare besides, so that a comparison at `cost` takes as long as one at `dearest`. Each cost
 * is twice the work of the one before: from 10 to 12, one more comparison at 10 and one at 11.
 */
export function paddingOf(cost: number, dearest: number): string[] {
  return Array.from({ length: Math.max(0, dearest - cost) }, (_, n) => nobodysHash(cost + n))
}
