#!/bin/sh
# What the guest agent calls to shut down; with -r it restarts.
sync
case "$*" in
  *-r*) reboot -f ;;
  *) poweroff -f ;;
esac
