#!/bin/sh
set -eu
echo "$1 as $(id -un):$(id -gn) in $PWD"
stat -c '%a %U:%G %n' /home/app /home/app/.config/app/settings.ini /opt/app/run.sh
touch /var/spool/app/mine && echo "can write to the spool"
