/** All that can be measured, by the names of the command line. */
import { image } from './image.ts'
import { manifest } from './manifest.ts'
import { pull } from './pull.ts'
import { push } from './push.ts'
import type { Scenario } from './scenario.ts'

export type ScenarioName = 'manifest' | 'image' | 'push' | 'pull'

export const scenarios: Record<ScenarioName, Scenario> = { manifest, image, push, pull }
