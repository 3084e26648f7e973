/** Docker Hub has several names, and images without a folder: `nginx` is `library/nginx` there. */

export const hubNames = [
  'docker.io',
  'index.docker.io',
  'registry-1.docker.io',
  'registry.hub.docker.com',
]

/** What people call it, and what clients send as `ns`. */
export const hubName = 'docker.io'
/** Where docker keeps the login for it. */
export const hubLogin = 'https://index.docker.io/v1/'

export const isHub = (host: string) => hubNames.includes(host.toLowerCase())

/** Where the registry of that name is. */
export const hostToAsk = (host: string) => (isHub(host) ? 'registry-1.docker.io' : host)

/** The name of a repository as the registry at `host` has it. */
export function repositoryAt(host: string, repository: string): string {
  return isHub(host) && !repository.includes('/') ? `library/${repository}` : repository
}
