/** docs/errors.md: the table of errors as a page for people. */
import { errorTable } from '../registry/protocol/errors.ts'
import { largestManifest, pushable } from '../registry/protocol/manifest.ts'
import { most } from '../registry/protocol/manifest-fields.ts'

export function renderErrors(): string {
  const rows = errorTable()
    .sort((a, b) => a.status - b.status || a.code.localeCompare(b.code))
    .map(
      ({ reason, code, status, message }) =>
        `| ${status} | \`${code}\` | ${message} | \`${reason}\` |`,
    )
  return `${[
    '# Errors',
    '',
    'Every failure is answered with this JSON, and `Content-Type: application/json`:',
    '',
    '    {"errors":[{"code":"BLOB_UNKNOWN","message":"this repository has no such blob","detail":"sha256:…"}]}',
    '',
    '`detail` says what was found and what is allowed, where there is more to say. A manifest that names',
    'several missing blobs gets one entry for each, of 100 at most. This page is printed from',
    '`registry/protocol/errors.ts`.',
    '',
    '## What a manifest may hold',
    '',
    `A pushed manifest has at most ${largestManifest / 1024 / 1024} MiB, ${pushable.values} values (keys, items, texts) in ${pushable.depth} levels,`,
    `${most.descriptors} descriptors, and ${most.keys} keys in one object. Reading stops at the first fault, and`,
    '`detail` says where it is: `layers[3].size is 7.0; allowed is …`. It is read as Go reads it, since most',
    'clients are written in it: null is as good as absent, a size or a platform may be missing, `7.0` is no',
    'whole number. A manifest that two readers could read in two ways is refused: one with a key twice, or',
    'with one that is not spelled as it should be (`Layers`). Manifests that a volume holds already are served',
    'as they are.',
    '',
    '## All errors',
    '',
    'Which step refuses what, and in which file, is in [ARCHITECTURE.md](../ARCHITECTURE.md#why-a-push-is-refused),',
    '"Why a push is refused". The last column is the name that the code throws: searched for with its quotes',
    '(`git grep "\'tagImmutable\'"`), it leads to the files that decide.',
    '',
    '| Status | Code | Message | In the code |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n')}\n`
}
