#!/bin/sh
# Before the removal (deb: remove; rpm: 0): stop the service.
set -e
case "$1" in
  remove | 0) [ ! -d /run/systemd/system ] || systemctl --no-reload disable --now PROGRAM.service ;;
esac
