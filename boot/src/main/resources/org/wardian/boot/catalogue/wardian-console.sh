# A serial line tells neither its size nor the kind of terminal at its other end: the host passes
# them on the kernel command line.
if [ "$(tty)" = /dev/ttyS0 ]; then
  rows= cols=
  for word in $(cat /proc/cmdline); do
    case $word in
      wardian.rows=*) rows=${word#*=} ;;
      wardian.cols=*) cols=${word#*=} ;;
      wardian.term=*) export TERM="${word#*=}" ;;
    esac
  done
  if [ -n "$rows" ] && [ -n "$cols" ]; then
    stty rows "$rows" cols "$cols"
  fi
  unset rows cols word
fi
# The first user may do this, but does not have these programs on his path.
if [ "$(id -u)" != 0 ]; then
  alias poweroff='sudo poweroff' reboot='sudo reboot'
fi
