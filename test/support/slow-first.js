/**
 * The order of the files: those that take longest begin first, or one of them would be left to run alone at
 * the end. It is the same in each run, whatever took how long in the one before.
 */
const slow = [
  /\/test\/histories\/histories/,
  /\/test\/cluster\//,
  /\/test\/reliability\//,
  /\/test\/registry\/storage\/s3/,
  /\/test\/deploy\/image/,
  /\/test\/(?:bench|clients|deploy|journeys)\//,
]

export default class SlowFirst {
  sort(tests) {
    const rank = ({ path }) => slow.findIndex((it) => it.test(path)) + 1 || slow.length + 1
    return tests.toSorted(
      (one, other) => rank(one) - rank(other) || (one.path < other.path ? -1 : 1),
    )
  }

  /** Nothing is remembered from run to run. */
  cacheResults() {}
}
