/** A map that cannot grow without end: the last that is remembered is the last to be forgotten. */
type Memory<T> = { key: string; value: T; most: number }

export function remember<T>(map: Map<string, T>, { key, value, most }: Memory<T>): void {
  map.delete(key)
  const [oldest] = map.keys()
  if (map.size >= most && oldest !== undefined) map.delete(oldest)
  map.set(key, value)
}
