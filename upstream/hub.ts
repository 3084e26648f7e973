/** Docker Hub has several names, and images without a folder: `nginx` is `library/nginx` there. */

const names = ['docker.io', 'index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com']

export const isHub = (host: string) => names.includes(host.toLowerCase())

/** Where the registry of that name is. */
export const hostToAsk = (host: string) => (isHub(host) ? 'registry-1.docker.io' : host)

/** The name of a repository as the registry at `host` has it. */
export function repositoryAt(host: string, repository: string): string {
  return isHub(host) && !repository.includes('/') ? `library/${repository}` : repository
}
