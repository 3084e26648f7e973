/** From which size on a value is one that a turn has to remove again, in bytes. */
export const large = 1024 ** 2
