/** Requests that a registry does not want for a while, by their sort: other sorts go on. */

/** A registry may name ever new token servers. */
const most = 100

export function createPauses() {
  const until = new Map<string, Date>()
  return {
    /** The end of the pause, if there is one now. */
    find(sort: string): Date | undefined {
      const end = until.get(sort)
      if (end && end.getTime() > Date.now()) return end
      until.delete(sort)
      return undefined
    },
    begin(sort: string, end: Date): void {
      if (until.size >= most) until.clear()
      until.set(sort, end)
    },
  }
}

/** A registry counts what costs it something: a HEAD of a manifest goes through while a GET has to wait. */
export function sortOf(method: string, { pathname }: URL): string {
  return `${method} ${/\/(manifests|blobs)\//.exec(pathname)?.[1] ?? 'other'}`
}
