#!/bin/sh
# Before the files are unpacked: the group and user that own them and run the services. They stay after a removal.
set -e
getent group sensu >/dev/null || groupadd --system sensu
getent passwd sensu >/dev/null || useradd --system --gid sensu --home-dir /var/lib/sensu --no-create-home \
  --shell /usr/sbin/nologin --comment "Sensu" sensu
