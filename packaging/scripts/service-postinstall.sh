#!/bin/sh
# After the installation or an upgrade (deb: configure OLD-VERSION; rpm: the number of installed versions). A service
# that runs is restarted; none is started or enabled by the installation.
set -e
[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
if [ -e /usr/lib/sysctl.d/60-PROGRAM.conf ] && [ -x /usr/lib/systemd/systemd-sysctl ]; then
  /usr/lib/systemd/systemd-sysctl --prefix=/net/ipv4/ping_group_range || :
fi
case "$1:$2" in
  configure:?* | [2-9]:*) systemctl try-restart PROGRAM.service ;;
esac
