/** docs/errors.md: the table of errors as a page for people. */
import { errorTable } from '../registry/spec/errors.ts'

export function renderErrors(): string {
  const rows = errorTable()
    .sort((a, b) => a.status - b.status || a.code.localeCompare(b.code))
    .map(({ code, status, message }) => `| ${status} | \`${code}\` | ${message} |`)
  return `${[
    '# Errors',
    '',
    'Every failure is answered with this JSON, and `Content-Type: application/json`:',
    '',
    '    {"errors":[{"code":"BLOB_UNKNOWN","message":"this repository has no such blob","detail":"sha256:…"}]}',
    '',
    '`detail` says what was found and what is allowed, where there is more to say. A manifest that names',
    'several missing blobs gets one entry for each. This page is printed from `registry/spec/errors.ts`.',
    '',
    '| Status | Code | Message |',
    '|---|---|---|',
    ...rows,
  ].join('\n')}\n`
}
