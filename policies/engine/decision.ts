/** The words of a policy: a question goes in, a decision and its reason come out. */

/** The actions that a question about a repository may name. */
export const actions = ['pull', 'push', 'overwrite', 'delete', 'list'] as const

export type Action = (typeof actions)[number]

/** `name` is undefined for someone who has not signed in; such a stranger is in no group. */
export type Question = {
  name: string | undefined
  groups: readonly string[]
  /** One of `actions`; about anything else the answer is no. */
  action: string
  repository: string
  /** Of requests that name one. */
  tag?: string | undefined
  /** The client's, without a port. */
  address?: string | undefined
}

/** The rule that made a decision, and where it stands. */
export type RuleReference = { name: string; file: string; line: number }

/** `because` is a sentence for logs and operators; without a rule nobody said anything. */
export type Decision = { allowed: boolean; rule?: RuleReference; because: string }

export type Policy = ((question: Question) => Decision) & {
  /** Whether there is anything at all that strangers may see: then the catalog is for them too. */
  readonly showsStrangers?: boolean
  /** Whether there is no repository that someone does not see; without it, there may be some. */
  readonly showsAll?: (who: Who) => boolean
}

/** The part of a question that says who asks, and from where. */
export type Who = Pick<Question, 'name' | 'groups' | 'address'>

/** Lets every user who has signed in do everything, as registry:2 does. */
export const membersPolicy: Policy = Object.assign(
  ({ name }: Question) => ({
    allowed: name !== undefined,
    because: 'every user who signs in may do everything',
  }),
  { showsAll: ({ name }: Who) => name !== undefined },
)

/** Lets everyone do everything, for a registry that was told of no policies. */
export const openPolicy: Policy = Object.assign(
  () => ({ allowed: true, because: 'no policy is configured' }),
  { showsAll: () => true },
)
