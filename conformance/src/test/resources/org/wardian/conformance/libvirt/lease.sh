#!/bin/sh
# What udhcpc calls with an address.
case $1 in
  bound | renew)
    ip addr flush dev "$interface"
    ip addr add "$ip/${mask:-24}" dev "$interface"
    for first in $router; do
      ip route add default via "$first" dev "$interface"
      break
    done
    ;;
esac
