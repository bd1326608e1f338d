# Digests of a megabyte.
seq 1 150000 >data
for digest in md5 sha1 sha224 sha256 sha384 sha512 sha3-256 blake2b512 blake2s256 sm3; do
  openssl dgst -"$digest" data
done
openssl dgst -sha256 -hmac key data
