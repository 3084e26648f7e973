import { describe, expect, it } from '@jest/globals'
import {
  type BoundGrant,
  boundAllows,
  isWithinBound,
} from '../../../../gateway/access/verify/bound.ts'
import { parseTarget } from '../../../../registry/protocol/endpoints.ts'

const pulls: BoundGrant = { type: 'repository', name: 'team/app', actions: ['pull'] }
const all: BoundGrant = { type: 'repository', name: 'team/app', actions: ['*'] }
const pushes: BoundGrant = { type: 'repository', name: 'team/app', actions: ['push'] }
const catalog: BoundGrant = { type: 'registry', name: 'catalog', actions: ['*'] }
const pattern: BoundGrant = {
  ...pulls,
  name: 'team/**',
  matches: (name) => name.startsWith('team/'),
}

describe('the bound of a token', () => {
  it.each<[string, BoundGrant[] | undefined, string, boolean]>([
    ['no bound', undefined, 'DELETE /v2/a/manifests/v1', true],
    ['an empty one', [], 'GET /v2/team/app/manifests/v1', false],
    ['an empty one', [], 'GET /v2/', true],
    ['pull', [pulls], 'GET /v2/team/app/manifests/v1', true],
    ['pull', [pulls], 'PUT /v2/team/app/manifests/v1', false],
    ['pull', [pulls], 'DELETE /v2/team/app/manifests/v1', false],
    ['pull', [pulls], 'GET /v2/team/app2/manifests/v1', false],
    ['pull', [pulls], 'GET /v2/team/manifests/v1', false],
    ['push without pull', [pushes], 'GET /v2/team/app/manifests/v1', false],
    ['everything', [all], 'DELETE /v2/team/app/manifests/v1', true],
    ['everything there', [all], 'GET /v2/_catalog', false],
    ['the catalog', [catalog], 'GET /v2/_catalog', true],
    ['the catalog', [catalog], 'GET /v2/team/app/manifests/v1', false],
    ['a pattern', [pattern], 'GET /v2/team/other/manifests/v1', true],
    ['a pattern', [pattern], 'GET /v2/teams/other/manifests/v1', false],
    ['a repository called catalog', [{ ...all, name: 'catalog' }], 'GET /v2/_catalog', false],
  ])('%s %j: %s is %p', (_what, bound, request, expected) => {
    const [method = '', path = ''] = request.split(' ')
    const { target } = parseTarget(method, path)
    expect(target && boundAllows(bound, target)).toBe(expected)
  })

  it('takes overwriting for pushing', () => {
    const wanted = { type: 'repository', name: 'team/app', action: 'overwrite' }
    expect(isWithinBound([pushes], wanted)).toBe(true)
    expect(isWithinBound([pulls], wanted)).toBe(false)
  })

  it('does not take the text of a pattern for a name when its matcher is lost', () => {
    const [copied] = JSON.parse(JSON.stringify([pattern]))
    const wanted = { type: 'repository', name: 'team/app', action: 'pull' }
    expect(isWithinBound([pattern], wanted)).toBe(true)
    expect(isWithinBound([copied], wanted)).toBe(false)
  })
})
