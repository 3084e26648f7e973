#!/bin/sh
# The command `htpasswd` of the image that this one replaces: --entrypoint htpasswd -Bbn user password.
exec kura htpasswd "$@"
