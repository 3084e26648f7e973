/** The folder that kura was installed in, whether it holds the sources or a release: the one of its package.json. */
import { findPackageJSON } from 'node:module'
import { dirname } from 'node:path'

export const installed = dirname(findPackageJSON(import.meta.url) ?? '/')
