/** Puts a policy to the tests that its files hold. */
import type { Decision, Policy } from './decision.ts'
import type { PlacedTest } from './schema.ts'

/** A sentence for each test that does not come out as expected. */
export function findFailures(policy: Policy, tests: readonly PlacedTest[]): string[] {
  return tests.flatMap((test) => {
    const { user, groups = [], action, repository, tag, from } = test
    const decision = policy({ name: user, groups, action, repository, tag, address: from })
    if (decision.allowed === (test.expect === 'allow')) return []
    return [`${test.place}: ${failure(test, decision)}`]
  })
}

function failure(test: PlacedTest, { allowed, because }: Decision): string {
  const got = allowed ? 'allow' : 'deny'
  return `the test ${questionText(test)} expects ${test.expect} and got ${got}: ${because}`
}

type Asked = Omit<PlacedTest, 'expect' | 'place'>

/** `alice [ops], push team/app:v1 from 192.0.2.7` */
export function questionText({ user, groups = [], action, repository, tag, from }: Asked): string {
  const who = user ?? 'anonymous'
  const brought = groups.length > 0 ? ` [${groups.join(', ')}]` : ''
  const what = `${action} ${repository}${tag === undefined ? '' : `:${tag}`}`
  return `${who}${brought}, ${what}${from === undefined ? '' : ` from ${from}`}`
}
