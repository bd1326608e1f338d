# What each cipher makes of a megabyte, and that it comes back.
seq 1 150000 >data
key=00112233445566778899aabbccddeeff0f1e2d3c4b5a69788796a5b4c3d2e1f0
vector=fedcba98765432100123456789abcdef
try() {
  openssl enc "-$1" -e -K "$(echo $key | cut -c1-"$2")" ${3:+-iv "$(echo $vector | cut -c1-"$3")"} \
    -in data -out sealed
  openssl enc "-$1" -d -K "$(echo $key | cut -c1-"$2")" ${3:+-iv "$(echo $vector | cut -c1-"$3")"} \
    -in sealed -out opened
  cmp data opened && echo "$1 $(sha256sum <sealed)"
}
try aes-128-cbc 32 32
try aes-256-cbc 64 32
try aes-128-ctr 32 32
try aes-256-ecb 64 ''
try aes-192-ofb 48 32
try camellia-128-cbc 32 32
try chacha20 64 32
try aria-128-cbc 32 32
# The enc command has no authenticated ciphers, CMS has; its nonce is random, so only what comes
# back can be compared.
for cipher in aes-128-gcm aes-256-gcm; do
  openssl cms -encrypt "-$cipher" -binary -secretkey "$(echo $key | cut -c1-32)" -secretkeyid 01 \
    -in data -outform DER -out sealed
  openssl cms -decrypt -binary -secretkey "$(echo $key | cut -c1-32)" -secretkeyid 01 \
    -in sealed -inform DER -out opened
  cmp data opened && echo "$cipher comes back"
done
