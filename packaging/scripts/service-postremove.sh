#!/bin/sh
# After the removal: purging a deb deletes the state too. A removal keeps it, and so does an rpm.
set -e
if [ "$1" = purge ]; then
  rm -rf /var/lib/sensu/PROGRAM /var/cache/sensu/PROGRAM
  [ PROGRAM != sensu-backend ] || rm -rf /var/log/sensu
  for folder in /var/lib/sensu /var/cache/sensu /etc/sensu; do
    [ ! -d "$folder" ] || rmdir --ignore-fail-on-non-empty "$folder"
  done
fi
[ ! -d /run/systemd/system ] || systemctl daemon-reload
