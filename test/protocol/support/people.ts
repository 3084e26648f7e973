/** People who sign in with a password, for registries that ask who is there. */
import type { Login } from '../../../gateway/access/authenticate.ts'
import { createChallenge } from '../../../gateway/access/challenge.ts'
import type { Client, Sent } from './client.ts'

/** Everyone's password is their name said twice. */
export function loginOf(...names: string[]): Login {
  return {
    challenge: createChallenge({ scheme: 'basic', realm: 'The Test' }),
    checkPassword: async (name, password) =>
      names.includes(name) && password === name + name
        ? { name, groups: [], method: 'htpasswd' }
        : undefined,
  }
}

export function as(name: string, password = name + name): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` }
}

/** The same client with these headers on every request. */
export function withHeaders(client: Pick<Client, 'send'>, headers: Record<string, string>) {
  const verb =
    (method: string) =>
    (path: string, sent: Sent = {}) =>
      client.send(method, path, { ...sent, headers: { ...headers, ...sent.headers } })
  return {
    send: (method: string, path: string, sent?: Sent) => verb(method)(path, sent),
    get: verb('GET'),
    head: verb('HEAD'),
    post: verb('POST'),
    put: verb('PUT'),
    patch: verb('PATCH'),
    remove: verb('DELETE'),
  }
}
