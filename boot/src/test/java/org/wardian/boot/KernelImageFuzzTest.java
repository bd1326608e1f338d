package org.wardian.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Damaged kernels: each is loaded or refused with one line, and never writes outside of RAM, which
 * {@link ArrayRam} sees to.
 */
class KernelImageFuzzTest {

  private static final int ITERATIONS = Mutation.iterations(20_000);
  private static final int HEADERS = 0x290;

  private final ArrayRam ram = new ArrayRam(4 << 20);
  private int loaded;
  private int refused;

  private void fuzz(byte[] valid, long seed) {
    Mutation mutation = new Mutation(seed);
    BootProtocol[] protocols = BootProtocol.values();
    for (int i = 0; i < ITERATIONS; i++) {
      attempt(mutation.apply(valid, HEADERS), protocols[i % protocols.length]);
    }
    // A fuzzer whose inputs all fail at the first check would prove nothing.
    assertThat(loaded).isGreaterThan(ITERATIONS / 100);
    assertThat(refused).isGreaterThan(ITERATIONS / 100);
  }

  private void attempt(byte[] file, BootProtocol protocol) {
    BootParameters parameters =
        new BootParameters(
            protocol,
            "console=ttyS0",
            List.of(BootModule.initrd(new byte[10_000])),
            ram.memoryMap(),
            0xe0000);
    try {
      KernelImage image = KernelImage.parse(file);
      assertThat(image.description()).doesNotContain("\n");
      BootLoader.load(image, parameters, ram);
      loaded++;
    } catch (BootException e) {
      assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
      refused++;
    }
  }

  @Test
  void bzImage() throws Exception {
    fuzz(TestImages.bzImage(KernelImageTest.gzip(TestImages.Elf.linux64().build())), 1);
  }

  @Test
  void elf64() {
    fuzz(TestImages.Elf.linux64().build(), 2);
  }

  @Test
  void elf32() {
    fuzz(TestImages.Elf.linux32().build(), 3);
  }

  @Test
  void multibootElf() {
    fuzz(TestImages.Elf.linux32().flat().withText(TestImages.multibootText()).build(), 4);
  }

  @Test
  void flatMultiboot() {
    fuzz(TestImages.flatMultiboot(), 5);
  }

  @Test
  void noise() {
    SplittableRandom random = new SplittableRandom(6);
    for (int i = 0; i < ITERATIONS; i++) {
      byte[] file = new byte[random.nextInt(700)];
      random.nextBytes(file);
      attempt(file, BootProtocol.AUTO);
    }
    assertThat(loaded).isZero();
    assertThat(refused).isEqualTo(ITERATIONS);
  }
}
