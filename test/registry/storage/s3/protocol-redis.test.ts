/** The protocol on a real S3 service with Redis beside it, where uploads carry their state. */
import '../../../protocol/deletes.test.ts'
import '../../../protocol/manifest-push.test.ts'
import '../../../protocol/mounts.test.ts'
import '../../../protocol/tags.test.ts'
import '../../../protocol/upload-chunks.test.ts'
import '../../../protocol/upload-subjects.test.ts'
import { keepIn } from '../../../support/storage.ts'
import { bucketsOf } from './standard.ts'

keepIn(bucketsOf({ withRedis: true }))
