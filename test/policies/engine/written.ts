import type { Policy } from '../../../policies/engine/decision.ts'
import { compilePolicy } from '../../../policies/engine/evaluate.ts'
import { buildPolicy } from '../../../policies/engine/load.ts'
import { PolicyError } from '../../../policies/engine/problems.ts'
import type { PlacedRule, PolicyFile } from '../../../policies/engine/schema.ts'

/** A rule for the sentence at hand: everyone may do everything, but for what is given. */
export function rule(given: Partial<PlacedRule> = {}): PlacedRule {
  return {
    name: 'the rule',
    effect: 'allow',
    who: ['*'],
    repositories: ['**'],
    actions: ['*'],
    file: 'a.yaml',
    line: 1,
    ...given,
  }
}

export const file = (rules: PlacedRule[], groups: PolicyFile['groups'] = {}): PolicyFile => ({
  groups,
  rules,
  tests: [],
})

export const policyOf = (...rules: PlacedRule[]): Policy => compilePolicy([file(rules)])

/** The texts as files a.yaml, b.yaml and so on. */
export const sourcesOf = (texts: string[]) =>
  texts.map((text, index) => ({ file: `${'abc'[index]}.yaml`, text }))

export function problemsOf(...texts: string[]): readonly string[] {
  try {
    buildPolicy(sourcesOf(texts))
    return []
  } catch (error) {
    if (error instanceof PolicyError) return error.problems
    throw error
  }
}
