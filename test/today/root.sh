#!/bin/sh
# Makes the folder $1 a root of Debian unstable that holds the clients people run today. Quiet when it is
# there already; remove the folder to get newer ones.
set -eu
root=$1
packages='docker.io docker-cli docker-buildx containerd podman skopeo buildah cosign oras crane
  iproute2 ca-certificates'

# A mirror may stand still for weeks; its signatures are checked all the same.
old='Acquire::Check-Valid-Until=false'

[ ! -e "$root/complete" ] || exit 0
command -v debootstrap >/dev/null || apt-get install -qq -y --no-install-recommends debootstrap >/dev/null

echo "test/today: making a root of Debian unstable in $root" >&2
rm -rf "$root"
mkdir -p "$root"
debootstrap --variant=minbase sid "$root" >"$root.log" 2>&1 || {
  tail -n 20 "$root.log" >&2
  exit 1
}
# While this answers 101, a package that is installed does not start its service.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
chroot "$root" apt-get -o "$old" update -qq >>"$root.log" 2>&1
# shellcheck disable=SC2086 # a list of words
chroot "$root" apt-get install -qq -y --no-install-recommends $packages >>"$root.log" 2>&1 || {
  tail -n 20 "$root.log" >&2
  exit 1
}
touch "$root/complete"
