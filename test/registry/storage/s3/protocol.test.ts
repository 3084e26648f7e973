/**
 * The protocol on a real S3 service: the same tests that a folder passes. Left out are those that look
 * into the folder, or wait to see a body arrive, which is all in memory at first; and the catalog, in
 * which a repository stays for its empty folders alone.
 */
import '../../../protocol/blob-parts.test.ts'
import '../../../protocol/blob-ranges.test.ts'
import '../../../protocol/deletes.test.ts'
import '../../../protocol/departures.test.ts'
import '../../../protocol/manifest-pull.test.ts'
import '../../../protocol/manifest-push.test.ts'
import '../../../protocol/manifest-rules.test.ts'
import '../../../protocol/mounts.test.ts'
import '../../../protocol/referrers.test.ts'
import '../../../protocol/tags.test.ts'
import '../../../protocol/upload-chunks.test.ts'
import '../../../protocol/upload-subjects.test.ts'
import { keepIn } from '../../../support/storage.ts'
import { bucketsOf } from './standard.ts'

keepIn(bucketsOf())
