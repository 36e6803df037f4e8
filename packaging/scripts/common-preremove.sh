#!/bin/sh
# Before the removal: what the installation compiled. An upgrade of an rpm runs this after the new version is in place.
set -e
case "$1" in
  1) ;;
  *) find /usr/lib/sensu/site -name __pycache__ -prune -exec rm -rf {} + ;;
esac
