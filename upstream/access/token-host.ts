/** What is wrong with the text of a token server's host, in the spelling of `URL.host`; undefined for nothing. */
export function faultOfTokenHost(host: string): string | undefined {
  const address = `https://${host}`
  if (URL.canParse(address) && new URL(address).host === host) return undefined
  return `${JSON.stringify(host)} must be a host such as auth.example or auth.example:8443: in lower case, without a scheme, and with the port only where it is not 443`
}
