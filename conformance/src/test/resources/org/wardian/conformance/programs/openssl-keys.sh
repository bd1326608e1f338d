# Keys made here sign and are verified: big numbers, and elliptic curves.
seq 1 1000 >data
sign() {
  openssl pkey -in key -pubout -out public
  openssl dgst -sha256 -sign key -out signature data
  openssl dgst -sha256 -verify public -signature signature data
}
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key && sign
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key && sign
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out key && sign
# A signature without chance in it.
printf '302e020100300506032b6570042204209d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60' |
  xxd -r -p >ed25519.der
openssl pkeyutl -sign -rawin -keyform DER -inkey ed25519.der -in data | sha256sum
openssl prime -hex FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFFFFFFFFFFFF
openssl prime -generate -bits 256 >prime && openssl prime "$(cat prime)" | grep -o 'is prime'
