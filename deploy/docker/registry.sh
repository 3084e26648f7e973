#!/bin/sh
# The command `registry` of the image that this one replaces, for scripts that call it.
if [ "${1-}" = garbage-collect ] && ! kura garbage-collect --help >/dev/null 2>&1; then
  echo "registry: this kura has no garbage-collect: nothing was removed" >&2
  exit 1
fi
exec kura "$@"
