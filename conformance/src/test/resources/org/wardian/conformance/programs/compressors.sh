# What each compressor makes of a megabyte, and that it comes back.
seq 1 150000 >data
cat /usr/bin/openssl >>data
try() {
  "$@" -c <data >packed
  "$1" -dc <packed >unpacked
  cmp data unpacked && echo "$* $(sha256sum <packed)"
}
# By their paths: the shell would prefer its own.
try /bin/gzip -n -6
try /bin/gzip -n -9
try /bin/bzip2 -9
try /usr/bin/xz -1
try /usr/bin/xz -6
try /usr/bin/xz --format=lzma -2
try /usr/bin/zstd -q -3
try /usr/bin/zstd -q -12
