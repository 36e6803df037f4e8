#!/bin/sh
# After the removal of an rpm: the folders of the libraries, which are not in its list of files.
set -e
[ "$1" != 0 ] || [ ! -d /usr/lib/sensu ] || find /usr/lib/sensu -depth -type d -empty -delete
