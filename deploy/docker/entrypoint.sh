#!/bin/sh
# Takes the command lines of the registry image, and gives up being root before anything is served.
#
# Started as root, kura runs as the user that the folder of the images belongs to. A folder of root's,
# as registry:2 leaves it, is given to kura (65532) first; registry:2, being root, goes on reading it.
# KURA_USER=uid:gid says otherwise, and gets the folder: 0:0 where only root may read certificates.
set -eu

# dash drops variables with names that it cannot hold itself, such as those of headers with a dash.
if [ -z "${KURA_ENVIRONMENT-}" ] && grep -aq 'REGISTRY_[A-Za-z0-9_]*-' "/proc/$$/environ" 2>/dev/null; then
  KURA_ENVIRONMENT=$(base64 -w0 "/proc/$$/environ") && export KURA_ENVIRONMENT
fi

case ${1-} in
  *.yml | *.yaml) set -- kura "$@" ;;
  kura | registry | htpasswd | sh | bash | /*) ;;
  *) set -- kura "$@" ;;
esac

[ "$(id -u)" = 0 ] || exec "$@"

folder=${REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY:-/var/lib/registry}
owner=$(stat -c %u:%g -- "$folder" 2>/dev/null || echo 0:0)
case $owner in
  0:*) user=${KURA_USER:-65532:65532} ;;
  *) user=${KURA_USER:-$owner} ;;
esac

if [ -d "$folder" ] && [ "${owner%%:*}" != "${user%%:*}" ]; then
  echo "kura: giving $folder to user $user" >&2
  # The folder itself comes last: whoever is interrupted begins again.
  find "$folder" -mindepth 1 -exec chown -h "$user" '{}' + && chown "$user" "$folder" ||
    echo "kura: $folder could not be given to user $user" >&2
fi

# Nobody needs a capability after this; ports below 1024 are open to everyone in a container.
step_down="setpriv --reuid ${user%%:*} --regid ${user#*:} --clear-groups --inh-caps=-all
  --bounding-set=-all --no-new-privs --"
# shellcheck disable=SC2086 # words
$step_down true && exec $step_down "$@"
echo "kura: this container may not change to user $user: start it with --user $user" >&2
exit 1
