/** What each middleware leaves in the context for those behind it. */
import type Koa from 'koa'
import type { CallState } from '../registry/spec/call.ts'

export type State = CallState
export type Context = Koa.ParameterizedContext<State>
export type Middleware = Koa.Middleware<State>
