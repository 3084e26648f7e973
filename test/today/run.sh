#!/bin/sh
# Runs the tests of test/clients and test/today with the clients of Debian unstable: `npm run test:today`.
# kura, Redis and Ceph run as in all tests; only the clients come from the other root. Words that are
# added go to jest, for example `--selectProjects workers` or a path.
set -eu
cd "$(dirname "$0")/../.."
[ "$(id -u)" = 0 ] || {
  echo 'test/today/run.sh: only root can make a root of its own and enter it' >&2
  exit 1
}

clients='docker dockerd containerd ctr podman skopeo buildah cosign oras crane'
root=${KURA_TODAY_ROOT:-/var/cache/kura-test/sid}
sh test/today/root.sh "$root"

work=$(mktemp -d)
keeper=
leave() {
  [ -z "$keeper" ] || kill "$keeper" 2>/dev/null || true
  rm -rf "$work"
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Where tests put an authority for clients to trust; both roots have to see it.
trust='/etc/docker/certs.d /etc/containers/certs.d'
for folder in $trust; do mkdir -p "$folder" "$root$folder"; done

# The root's mounts belong to this process, and go with it.
export root trust
unshare --mount --propagation private setpriv --pdeathsig KILL sh -euc '
  mkdir -p "$root/before"
  mount --bind "$root" "$root"
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount --rbind /sys "$root/sys"
  mount --rbind /tmp "$root/tmp"
  mount -t tmpfs tmpfs "$root/run"
  for folder in $trust; do mount --bind "$folder" "$root$folder"; done
  # What tests add to the authorities of the system goes with the mounts.
  cp -a "$root/etc/ssl/certs" "$root/run/certs"
  mount --bind "$root/run/certs" "$root/etc/ssl/certs"
  mount -t tmpfs tmpfs "$root/usr/local/share/ca-certificates"
  cd "$root"
  pivot_root . before
  umount -l /before
  echo ready
  exec sleep infinity' >"$work/keeper" &
keeper=$!
until grep -q ready "$work/keeper"; do
  kill -0 "$keeper" || exit 1
  sleep 0.1
done

mkdir "$work/bin"
# A line to paste that begins with sudo is run in the root of the clients, where everyone is root.
for client in $clients sudo; do
  command=$client
  [ "$client" != sudo ] || command=
  cat >"$work/bin/$client" <<END
#!/bin/sh
here=\$(pwd)
exec nsenter --mount=/proc/$keeper/ns/mnt -- env PATH=/usr/sbin:/usr/bin:/sbin:/bin \\
  sh -c 'cd "\$1" 2>/dev/null || cd /; shift; exec "\$@"' -- "\$here" $command "\$@"
END
  chmod 755 "$work/bin/$client"
done

PATH=$work/bin:$PATH
for client in dockerd docker containerd podman skopeo buildah oras; do
  case $client in
    oras) echo "oras $(oras version | head -n 1)" ;;
    *) $client --version ;;
  esac
done
node_modules/.bin/node --experimental-vm-modules node_modules/jest/bin/jest.js \
  --config test/today/jest.config.js "$@"
