/** Errors of the file system that are ordinary answers. */

/** ENOTDIR: a file stands where the path needs a folder. ENAMETOOLONG: no file can be called so. */
export const nothingThere = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'] as const

export function hasCode(error: unknown, codes: readonly string[]): boolean {
  return codes.includes((Object(error) as { code?: string }).code ?? '')
}

/** Undefined where `work` fails with one of the codes. */
export async function unlessCode<T>(
  codes: readonly string[],
  work: Promise<T>,
): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (hasCode(error, codes)) return undefined
    throw error
  }
}
