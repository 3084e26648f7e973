/** Who may do what, as a pure function: a question goes in, a decision and its reason come out. */

/** `name` is undefined for someone who has not signed in. */
type Question = {
  name: string | undefined
  groups: readonly string[]
  action: string
  repository: string
}

type Decision = { allowed: boolean; because: string }
export type Policy = (question: Question) => Decision

/** Lets everyone do everything. It stands as long as there is no way to sign in. */
export const openPolicy: Policy = () => ({ allowed: true, because: 'no policy is configured' })
