# The compiler's output is the same, and so is what the compiled program says.
cat >program.c <<'END'
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 88172645463325252u;

static uint64_t next(void) {
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}

struct node {
  struct node *left, *right;
  uint64_t key;
  long double weight;
};

static struct node *insert(struct node *tree, uint64_t key) {
  if (!tree) {
    tree = calloc(1, sizeof *tree);
    tree->key = key;
    tree->weight = (long double)key / 3;
  } else if (key < tree->key) {
    tree->left = insert(tree->left, key);
  } else {
    tree->right = insert(tree->right, key);
  }
  return tree;
}

static long double weigh(const struct node *tree, int depth) {
  return tree ? tree->weight / depth + weigh(tree->left, depth + 1) + weigh(tree->right, depth + 1)
              : 0;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static const char *name(unsigned kind) {
  switch (kind % 11) {
    case 0: return "zero";
    case 1: return "one";
    case 2: return "two";
    case 3: return "three";
    case 4: return "four";
    case 7: return "seven";
    case 9: return "nine";
    default: return "many";
  }
}

int main(void) {
  static double a[96][96], b[96][96], c[96][96];
  static float f[4096];
  static double sorted[20000];
  for (int i = 0; i < 96; i++)
    for (int j = 0; j < 96; j++) {
      a[i][j] = (double)(next() % 2000) / 7 - 100;
      b[i][j] = sin(i) * cos(j);
    }
  for (int i = 0; i < 96; i++)
    for (int k = 0; k < 96; k++)
      for (int j = 0; j < 96; j++) c[i][j] += a[i][k] * b[k][j];
  double trace = 0;
  for (int i = 0; i < 96; i++) trace += c[i][95 - i];
  printf("%.17g\n", trace);

  for (int i = 0; i < 20000; i++) sorted[i] = (double)(int64_t)next() / 1e9;
  qsort(sorted, 20000, sizeof *sorted, compare);
  printf("%.17g %.17g %.17g\n", sorted[0], sorted[10000], sorted[19999]);

  struct node *tree = NULL;
  for (int i = 0; i < 5000; i++) tree = insert(tree, next());
  printf("%.20Lg %La\n", weigh(tree, 1), weigh(tree, 1));

  unsigned __int128 wide = 1;
  for (int i = 1; i < 60; i++) wide = wide * (next() | 1) + i;
  printf("%016llx%016llx %llu\n", (unsigned long long)(wide >> 64), (unsigned long long)wide,
         (unsigned long long)(wide % 1000000007u));

  float sum = 0;
  for (int i = 0; i < 4096; i++) f[i] = (float)(next() >> 40) * 0.001f;
  for (int i = 0; i < 4096; i++) sum += f[i] * f[4095 - i] > 1e6f ? sqrtf(f[i]) : -f[i];
  printf("%.9g %a\n", sum, (double)sum);

  char text[64] = "";
  unsigned counts[11] = {0};
  for (int i = 0; i < 10000; i++) counts[next() % 11]++;
  for (int i = 0; i < 11; i++) printf("%s %u;", name(i), counts[i]);
  for (int i = 0; i < 10; i++) snprintf(text + strlen(text), 64 - strlen(text), "%x", i * 3);
  printf("\n%s %zu %d %ld\n", text, strlen(text), atoi("-123"), strtol("7fffffff", 0, 16));

  int8_t bytes[256];
  for (int i = 0; i < 256; i++) bytes[i] = (int8_t)(i * 5);
  int saturated = 0, shifted = 0;
  for (int i = 0; i < 256; i++) {
    saturated += bytes[i] > 100 ? 100 : bytes[i];
    shifted += (bytes[i] >> 2) ^ (bytes[255 - i] << 3);
  }
  printf("%d %d %g %g\n", saturated, shifted, DBL_MAX * 10, -DBL_MIN / 1e300);
  printf("%.17g %.17g %.17g %.21Lg\n", exp(1.5), pow(1.1, 77), tgamma(5.5), powl(1.1L, 77));
  return 0;
}
END
gcc -O2 -c program.c -o program.o && sha256sum program.o
gcc -O2 -S program.c -o program.s && sha256sum program.s
gcc -O3 -msse4.2 -c program.c -o other.o && sha256sum other.o
gcc program.o -o program -lm && sha256sum program && ./program
gcc -static -O1 -mfpmath=387 program.c -o static -lm && sha256sum static && ./static | sha256sum
