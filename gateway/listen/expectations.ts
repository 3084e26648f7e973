/**
 * `Expect: 100-continue`: a client that waits to be asked for its body is asked when something begins to
 * read it, and never where the answer comes without that. Node would ask before anyone has looked.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'

export function meetExpectations(server: Server): void {
  server.on('checkContinue', (request, response) => {
    askWhenRead(request, response)
    server.emit('request', request, response)
  })
  // Others are refused like any other request that is not as it should be.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response))
}

function askWhenRead(request: IncomingMessage, response: ServerResponse): void {
  const read = request._read
  request._read = (size) => {
    request._read = read
    if (!response.headersSent) response.writeContinue()
    read.call(request, size)
  }
}
