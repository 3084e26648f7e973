#!/bin/sh
# Brings the real clients and services that the tests work with, from Debian's packages. Quiet when
# all are there; where it may not install, it says which tests will be reported as not run.
set -u
PATH=$PATH:/usr/sbin:/sbin

# The command, and after a colon its package where that is named otherwise.
wanted='dockerd:docker.io podman skopeo buildah docker-registry pebble openssl ip:iproute2
  systemd-analyze:systemd redis-server redis-sentinel
  haproxy nginx:nginx-light docker-compose wrk
  radosgw ceph-mon ceph-osd ceph:ceph-common'
policy=/usr/sbin/policy-rc.d
saved=$policy.before-kura

missing_packages() {
  for each in $wanted; do
    command -v "${each%%:*}" >/dev/null || printf '%s ' "${each#*:}"
  done
}

say() {
  echo "test/setup.sh: $*" >&2
}

# While this answers 101, a package that is installed does not start its service.
forbid_services() {
  # One that is saved already is the real one: an earlier run was killed.
  if [ -e "$policy" ] && [ ! -e "$saved" ]; then mv "$policy" "$saved"; fi
  trap allow_services EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
}

allow_services() {
  rm -f "$policy"
  if [ -e "$saved" ]; then mv "$saved" "$policy"; fi
}

install() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq &&
    apt-get install -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 "$@" >/dev/null
}

missing=$(missing_packages)
[ -n "$missing" ] || exit 0

if [ ! -e /etc/debian_version ]; then
  say "this is not Debian: the tests with ${missing}will be reported as not run"
  exit 0
fi
if [ "$(id -u)" != 0 ]; then
  say "only root may install: the tests with ${missing}will be reported as not run"
  exit 0
fi

say "installing ${missing}for the tests"
forbid_services
# shellcheck disable=SC2086 # a list of words
install $missing && exit 0

missing=$(missing_packages)
[ -n "$missing" ] || exit 0
say "warning: apt-get failed: the tests with ${missing}will be reported as not run"
[ "${CI:-}" != true ]
