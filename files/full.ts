/** Whether a file system has refused to take more: no room is left, or none of what this user may have. */
export function isFull(error: unknown): boolean {
  const { code } = Object(error) as { code?: unknown }
  return code === 'ENOSPC' || code === 'EDQUOT'
}
