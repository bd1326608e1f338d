# A hundred thousand results to the last bit.
cat >program.py <<'END'
import cmath, hashlib, math, random, struct, zlib

random.seed(20)
digest = hashlib.sha256()
one = [math.sin, math.cos, math.tan, math.atan, math.exp, math.expm1, math.erf, math.gamma,
       math.sinh, math.tanh, math.asinh, math.cbrt]
positive = [math.sqrt, math.log, math.log2, math.log10, math.log1p, math.lgamma]
two = [math.pow, math.atan2, math.hypot, math.fmod, math.copysign, math.remainder, math.nextafter]
for turn in range(3000):
    x = random.uniform(-20, 20) * 2.0 ** random.randrange(-8, 3)
    y = random.uniform(0.001, 50)
    for f in one:
        digest.update(struct.pack("<d", f(x)))
    for f in positive:
        digest.update(struct.pack("<d", f(y)))
    for f in two:
        digest.update(struct.pack("<d", f(y, x)))
    digest.update(repr((x, y, x / y, x * y, x + y, x - y, cmath.exp(complex(x / 9, y)))).encode())
    digest.update(("%.15e %.3f %g" % (x, y, x * 1e200)).encode())
    digest.update(struct.pack("<ef", x, y))
print(digest.hexdigest())
big = 3 ** 5000 // 7 ** 1200 % 10 ** 700
print(big, pow(big, 65537, 10 ** 80 + 129), math.isqrt(big))
print(zlib.crc32(str(big).encode()), sum(1.0 / n for n in range(1, 100000)))
print(math.fsum([0.1] * 1000), round(2.675, 2), float.fromhex("0x1.fffffffffffffp+1023"), 5e-324)
END
python3 program.py
