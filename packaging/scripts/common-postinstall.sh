#!/bin/sh
# After the installation, after an upgrade, and after an upgrade of Python: compile the libraries once. The programs run
# as users who cannot write here, so that each start would compile them.
set -e
site=/usr/lib/sensu/site
case "$1" in
  configure | triggered | [0-9]*)
    find "$site" -name __pycache__ -prune -exec rm -rf {} +
    /usr/bin/python3 -I -m compileall -q --invalidation-mode unchecked-hash "$site" >/dev/null || :
    ;;
esac
