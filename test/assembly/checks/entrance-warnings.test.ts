/** Warnings of a start about how clients get in: nobody is kept out, or nobody can sign in. */
import { expect, it } from '@jest/globals'
import { warningsOf } from '../../../assembly/checks/checks.ts'
import type { Command } from '../../../assembly/checks/config-refusals.ts'
import { load } from '../../config/written.ts'

const passwords = 'auth: {htpasswd: {realm: a, path: /b}}'
const open: [command: Command, http: string, rest: string, isSaid: boolean][] = [
  ['serve', 'addr: ":5000"', '', true],
  ['serve', 'addr: "127.0.0.1:5000"', '', true],
  ['serve', 'addr: "localhost:5000"', 'auth: none', true],
  ['gateway', 'addr: "[::1]:5000"', '', true],
  ['serve', 'net: unix, addr: /run/kura.sock', '', true],
  ['serve', 'addr: ":5000", tls: {certificate: /a, key: /b}', '', true],
  ['serve', 'addr: ":5000", tls: {certificate: /a, key: /b, clientcas: [/c]}', '', false],
  ['serve', 'addr: "127.0.0.1:5000"', passwords, false],
  ['serve', 'net: unix, addr: /run/kura.sock', passwords, false],
  ['worker', 'addr: ":5000"', '', false],
]

it.each(open)(
  'kura %s with %j and %j is said to be open: %j',
  async (command, http, rest, isSaid) => {
    const text = `version: 0.1\nstorage: inmemory\nhttp: {${http}, secret: "${'a1'.repeat(16)}"}\n${rest}\n`
    const warnings = warningsOf(command, await load(text))
    const said = 'is open: everyone who reaches it may do everything'
    expect(warnings.some((it) => it.endsWith(said))).toBe(isSaid)
  },
)

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
