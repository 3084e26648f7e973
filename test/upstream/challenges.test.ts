/** `WWW-Authenticate` as registries and what stands before them write it. */
import { expect, it } from '@jest/globals'
import { parseChallenges } from '../../upstream/access/challenges.ts'

const hub =
  'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull"'

const rows: [header: string, found: [scheme: string, parameters: Record<string, string>][]][] = [
  ['', []],
  ['Basic realm="kura"', [['basic', { realm: 'kura' }]]],
  ['basic', [['basic', {}]]],
  [
    hub,
    [
      [
        'bearer',
        {
          realm: 'https://auth.docker.io/token',
          service: 'registry.docker.io',
          scope: 'repository:library/nginx:pull',
        },
      ],
    ],
  ],
  [
    'Negotiate, Basic realm="a, b=c", Bearer realm=x',
    [
      ['negotiate', {}],
      ['basic', { realm: 'a, b=c' }],
      ['bearer', { realm: 'x' }],
    ],
  ],
  [
    'Negotiate YWJj==, BASIC REALM="q\\"uo\\\\ted"  ,charset="UTF-8"',
    [
      ['negotiate', {}],
      ['basic', { realm: 'q"uo\\ted', charset: 'UTF-8' }],
    ],
  ],
  ['Bearer realm = "x" , , service = y', [['bearer', { realm: 'x', service: 'y' }]]],
  ['Bearer realm="first",realm="second"', [['bearer', { realm: 'first' }]]],
  [', ,Basic realm="",', [['basic', { realm: '' }]]],
  ['Bearer realm="x', [['bearer', {}]]],
  ['"nonsense"', []],
]

it.each(rows)('%j', (header, found) => {
  const challenges = parseChallenges(header)
  expect(challenges.map((it) => [it.scheme, Object.fromEntries(it.parameters)])).toEqual(found)
})

it('what is as long as a header may be is read at once', () => {
  for (const part of ['a ', 'a,', 'a=', 'a="', '\\"', ', ', 'a=b,', 'Basic ']) {
    const header = `Bearer x="${part.repeat(16_384)}`
    expect(parseChallenges(header).length).toBeGreaterThan(0)
    parseChallenges(part.repeat(16_384))
  }
})
