/** `kura cert [names…]`: a certificate for a private network, and how clients come to trust it. */
import { access } from 'node:fs/promises'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { quoted } from '../assembly/messages/own-name.ts'
import { openAuthority } from '../gateway/listen/certificates/authority.ts'

type Options = { folder: string; port: number }

export function certCommand(
  write = (text: string): unknown => process.stdout.write(text),
): Command {
  return new Command('cert')
    .description('make a certificate authority and a certificate, and say where clients want it')
    .argument('[names...]', 'the names of this machine for clients: host names and addresses')
    .option('--folder <dir>', 'where the files are kept', 'certs')
    .option('--port <number>', 'the port clients use', parsePort, 5000)
    .action(async (names: string[], { folder, port }: Options) => {
      const made = await openAuthority({ folder, names })
      const account = (await findAccount()) ?? noAccount
      write(instructions(made, { name: clientName(hostOf(made), port), account }))
    })
}

type Made = Awaited<ReturnType<typeof openAuthority>>

/** The first that was given, now or earlier; a pattern of names is none to put before an image. */
const hostOf = ({ given }: Made) => given.find((name) => !name.startsWith('*')) ?? hostname()

function parsePort(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port > 0 && port < 65_536) return port
  throw new InvalidArgumentError('It has to be a number from 1 to 65535.')
}

/** The host in the name of an image, by which docker finds the folder of a certificate. */
function clientName(host: string, port: number): string {
  const name = host.includes(':') ? `[${host}]` : host
  return port === 443 ? name : `${name}:${port}`
}

const replaced =
  'Settings for TLS take the place of all that a start without settings has, its login too.'
const noAccount = `${replaced} Until auth.htpasswd is set,
everybody gets in: docs/access.md.`

/** How the account goes on that a start in this folder has made. */
async function findAccount(): Promise<string | undefined> {
  const file = resolve('data/kura/htpasswd')
  const isThere = await access(file).then(
    () => true,
    () => false,
  )
  if (!isThere) return undefined
  return `${replaced}
These carry on its account:

  export REGISTRY_AUTH=htpasswd
  export REGISTRY_AUTH_HTPASSWD_REALM=kura
  export REGISTRY_AUTH_HTPASSWD_PATH=${quoted(file)}`
}

type Told = { name: string; account: string }

function instructions(made: Made, { name, account }: Told): string {
  const { names, fingerprint } = made
  const [authority, certificate, key] = [made.authority, made.certificate, made.key].map(quoted)
  const folders = {
    docker: quoted(`/etc/docker/certs.d/${name}`),
    podman: quoted(`/etc/containers/certs.d/${name}`),
    containerd: quoted(`/etc/containerd/certs.d/${name}`),
  }
  const file = `${name.replace(/[^\w.]+/g, '-').replace(/^-/, '')}.crt`
  const system = {
    debian: `/usr/local/share/ca-certificates/${file}`,
    redhat: `/etc/pki/ca-trust/source/anchors/${file}`,
  }
  return `The certificate is for ${names.join(', ')}

Serve with it:

  export REGISTRY_HTTP_TLS_CERTIFICATE=${certificate}
  export REGISTRY_HTTP_TLS_KEY=${key}

${account}

Clients trust it once they have the authority's certificate: copy ${authority} to each of them.
Its SHA-256 fingerprint is ${fingerprint}
Keep ca.key, which lies beside it, to yourself. On this machine, these commands put it in place.

docker (no restart needed):

  sudo mkdir -p ${folders.docker}
  sudo cp ${authority} ${folders.docker}/ca.crt

podman, buildah and skopeo:

  sudo mkdir -p ${folders.podman}
  sudo cp ${authority} ${folders.podman}/ca.crt

containerd (with config_path = "/etc/containerd/certs.d" in its configuration):

  sudo mkdir -p ${folders.containerd}
  sudo cp ${authority} ${folders.containerd}/ca.crt
  sudo tee ${folders.containerd}/hosts.toml >/dev/null <<'EOF'
server = "https://${name}"

[host."https://${name}"]
  ca = "/etc/containerd/certs.d/${name}/ca.crt"
EOF

docker again, where the registry gives out tokens (kura.policies is set, or kura.tokens.challenge is bearer):
with containerd's image store, the default since Docker 29, and in buildx it fetches them with the authorities
of the system alone, and fails with "failed to fetch oauth token ... x509" until this one is among them.
On Debian and Ubuntu:

  sudo cp ${authority} ${system.debian}
  sudo update-ca-certificates
  sudo systemctl restart docker

On RHEL and Fedora:

  sudo cp ${authority} ${system.redhat}
  sudo update-ca-trust
  sudo systemctl restart docker

Docker Desktop takes those of macOS and Windows: docs/tls.md has the commands.

Whether it works (any answer from kura says so, UNAUTHORIZED too):

  curl --cacert ${authority} ${quoted(`https://${name}/v2/`)}
`
}
