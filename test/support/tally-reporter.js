/**
 * Ends a run with one plain line, so that scripts need not understand jest's summary, after the names
 * of what was not run: of a file of which nothing ran, jest itself says nothing. The files that failed are
 * written to the file that KURA_TEST_FAILED names, a line each.
 */
import { writeFileSync } from 'node:fs'

export default class TallyReporter {
  onRunComplete(_contexts, results) {
    const { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites } = results
    // A file that could not even be loaded ran no test, and is a failure all the same.
    const failed = numFailedTests + numRuntimeErrorTestSuites
    const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : ''
    const names = results.testResults
      .flatMap(({ testResults }) => testResults)
      .filter(({ status }) => status === 'pending')
      .map(({ fullName }) => `skipped: ${fullName}\n`)
    const list = process.env.KURA_TEST_FAILED
    const files = results.testResults.filter((it) => it.numFailingTests > 0 || it.testExecError)
    if (list) writeFileSync(list, files.map(({ testFilePath }) => `${testFilePath}\n`).join(''))
    process.stdout.write(
      `\n${names.join('')}${numPassedTests} passed, ${failed} failed${skipped}\n`,
    )
  }
}
