/** Policies are about people, so it is said where none of them can say who they are. */
import { expect, it } from '@jest/globals'
import { warningsOf } from '../../cli/checks.ts'
import type { Command } from '../../cli/serve.ts'
import { load } from '../config/written.ts'

const said = 'kura.policies is set and nobody can sign in'

const rows: [command: Command, http: string, rest: string, isSaid: boolean][] = [
  ['serve', '', '', true],
  ['gateway', '', 'auth: none', true],
  ['serve', '', 'auth: {htpasswd: {realm: a, path: /b}}', false],
  ['serve', '', 'auth: {token: {realm: a, service: b, issuer: c, jwks: /d}}', false],
  ['serve', ', tls: {certificate: /a, key: /b, clientcas: [/c]}', '', false],
  // Its gateways know how people sign in.
  ['worker', '', '', false],
]

it.each(rows)('kura %s with %j and %j: %j', async (command, http, rest, isSaid) => {
  const text = `version: 0.1\nstorage: inmemory\nhttp: {addr: "127.0.0.1:5000"${http}}\nkura: {policies: /p}\n${rest}\n`
  const warnings = warningsOf(command, await load(text))
  expect(warnings.some((it) => it.startsWith(said))).toBe(isSaid)
})
