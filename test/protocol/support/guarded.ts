/**
 * A registry under policies, and everybody who may come to it: with a password, a robot's token, a
 * bearer token, or nothing. Each of them is a client that shows the same on every request.
 */
import { beforeAll } from '@jest/globals'
import { createChallenge } from '../../../gateway/access/challenge.ts'
import { openRobots } from '../../../gateway/access/robots.ts'
import { leewaySeconds } from '../../../gateway/access/verify/verify.ts'
import { buildPolicy } from '../../../policies/engine/load.ts'
import { cleanup, make, now, open, service } from '../../gateway/access/verify/made-tokens.ts'
import { pushImage } from './content.ts'
import { as, loginOf, withHeaders } from './people.ts'
import { useRegistry } from './suite.ts'

const text = `
rules:
  - { name: reader reads, who: [reader], repositories: ["team/**"], actions: [pull] }
  - { name: writer writes, who: [writer], repositories: ["team/**"], actions: [pull, push] }
  - { name: these own, who: [owner, keeper, alice], repositories: ["team/**"], actions: ["*"] }
  - { name: owner owns the rest, who: [owner], repositories: ["hidden/**"], actions: ["*"] }
  - { name: robots, who: ["user:robot:ci"], repositories: ["**"], actions: ["*"] }
  - { name: keeper keeps, effect: deny, who: [keeper], repositories: ["**"], actions: [overwrite] }
`

export const names = [
  'stranger',
  'member',
  'reader',
  'writer',
  'owner',
  'keeper',
  'robot',
  'elsewhere',
  'expired',
] as const
export type Name = (typeof names)[number]
export type Person = ReturnType<typeof withHeaders>

const passwords = ['member', 'reader', 'writer', 'owner', 'keeper'] as const
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const verifyToken = await open()
const robots = await openRobots({ folder: await cleanup.folder(), report: () => {} })

/** Its own bound is a pattern; the policies would let it do everything everywhere. */
export const robotToken = await robots.create({
  name: 'ci',
  actions: ['pull', 'push'],
  repositories: ['team/**'],
})
const over = now() - leewaySeconds - 10
const grant = (name: string) => ({ access: [{ type: 'repository', name, actions: ['*'] }] })
const tokens = {
  /** Of somebody who owns team/app, but for another repository. */
  elsewhere: await make({ claims: grant('team/other') }),
  expired: await make({ claims: { ...grant('team/app'), exp: over, nbf: over - 300 } }),
  alice: await make({ claims: grant('team/app') }),
}

/** Starts it for all tests of a file, with an image in `team/app` and another in `hidden/app`. */
export function useGuarded() {
  const { policy } = buildPolicy([{ file: 'test.yaml', text }])
  const realm = { scheme: 'bearer' as const, realm: 'https://auth.example/token', service }
  const passwordsOf = loginOf(...passwords)
  const login = {
    challenge: createChallenge(realm),
    checkPassword: async (name: string, password: string, address: string) =>
      (await robots.find(password)) ?? passwordsOf.checkPassword?.(name, password, address),
    verifyToken: async (token: string) => (await robots.find(token)) ?? verifyToken(token),
  }
  const client = useRegistry({ policy, login })
  const withPassword = (name: string) => withHeaders(client, as(name))
  const people: Record<Name, Person> = {
    stranger: withHeaders(client, {}),
    member: withPassword('member'),
    reader: withPassword('reader'),
    writer: withPassword('writer'),
    owner: withPassword('owner'),
    keeper: withPassword('keeper'),
    robot: withHeaders(client, bearer(robotToken)),
    elsewhere: withHeaders(client, bearer(tokens.elsewhere)),
    expired: withHeaders(client, bearer(tokens.expired)),
  }
  beforeAll(async () => {
    for (const repository of ['team/app', 'team/other', 'hidden/app']) {
      await pushImage(people.owner, repository, { reference: 'latest', layers: ['a layer'] })
    }
  })
  return { client, people, alice: withHeaders(client, bearer(tokens.alice)) }
}
