/** How long to wait before a process is replaced: longer each time, unless the last one lived a while. */
const longLife = 30_000
const shortest = 100
const longest = 10_000

/** All in milliseconds. */
export function backOff(lastMs: number, livedMs: number): number {
  if (lastMs === 0 || livedMs >= longLife) return shortest
  return Math.min(lastMs * 2, longest)
}
