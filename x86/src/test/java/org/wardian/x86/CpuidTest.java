package org.wardian.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class CpuidTest {
  private static final long TSC_HZ = 2_500_000_000L;
  private static final long APIC_HZ = 1_000_000_000L;

  private final Cpuid cpuid = new Cpuid(CpuModel.standard(), 3, 6, TSC_HZ, APIC_HZ);

  @Test
  void vendorAndSignature() {
    leaf(0, 0);
    assertThat(cpuid.eax).isEqualTo(0x1f);
    assertThat(ascii(cpuid.ebx, cpuid.edx, cpuid.ecx)).isEqualTo("GenuineIntel");
    leaf(1, 0);
    int family = cpuid.eax >> 8 & 15;
    int model = (cpuid.eax >> 4 & 15) | (cpuid.eax >> 16 & 15) << 4;
    assertThat(family).isEqualTo(6);
    assertThat(model).isEqualTo(0x36);
  }

  @Test
  void brand() {
    StringBuilder brand = new StringBuilder();
    for (int leaf = 0x8000_0002; leaf <= 0x8000_0004; leaf++) {
      leaf(leaf, 0);
      brand.append(ascii(cpuid.eax, cpuid.ebx, cpuid.ecx, cpuid.edx));
    }
    assertThat(brand.toString().replace("\0", "")).isEqualTo("Wardian Virtual CPU (x86-64-v2)");
  }

  @Test
  void promisesExactlyTheFeaturesOfTheModel() {
    for (String name : CpuModel.names()) {
      CpuModel model = CpuModel.named(name);
      Cpuid of = new Cpuid(model, 0, 1, TSC_HZ, APIC_HZ);
      int promised = 0;
      for (Feature feature : Feature.values()) {
        of.leaf(feature.leaf, feature.subleaf, false, 3);
        int[] registers = {of.eax, of.ebx, of.ecx, of.edx};
        boolean set = (registers[feature.register] & feature.mask) != 0;
        assertThat(set).as("%s of %s", feature, name).isEqualTo(model.has(feature));
        promised += set ? 1 : 0;
      }
      assertThat(promised).isEqualTo(model.features().size());
      int bits = 0;
      of.leaf(1, 0, false, 3);
      bits += Integer.bitCount(of.ecx) + Integer.bitCount(of.edx);
      of.leaf(6, 0, false, 3);
      bits += Integer.bitCount(of.eax) + Integer.bitCount(of.ecx);
      of.leaf(7, 0, false, 3);
      bits += Integer.bitCount(of.ebx) + Integer.bitCount(of.ecx) + Integer.bitCount(of.edx);
      of.leaf(0xd, 1, false, 3);
      bits += Integer.bitCount(of.eax);
      of.leaf(0x8000_0001, 0, false, 3);
      bits += Integer.bitCount(of.ecx) + Integer.bitCount(of.edx);
      of.leaf(0x8000_0007, 0, false, 3);
      bits += Integer.bitCount(of.edx);
      assertThat(bits).as("feature bits of %s", name).isEqualTo(promised);
    }
  }

  @Test
  void osxsaveFollowsControlRegister4() {
    cpuid.leaf(1, 0, true, 3);
    assertThat(cpuid.ecx >> 27 & 1).isOne();
    cpuid.leaf(1, 0, false, 3);
    assertThat(cpuid.ecx >> 27 & 1).isZero();
  }

  @Test
  void topology() {
    leaf(1, 0);
    assertThat(cpuid.ebx >>> 24).isEqualTo(3);
    assertThat(cpuid.ebx >> 16 & 0xff).isEqualTo(8);
    assertThat(cpuid.edx >> 28 & 1).isOne();
    for (int leaf : new int[] {0xb, 0x1f}) {
      leaf(leaf, 0);
      assertThat(new int[] {cpuid.eax, cpuid.ebx, cpuid.ecx, cpuid.edx})
          .containsExactly(0, 1, 0x100, 3);
      leaf(leaf, 1);
      assertThat(new int[] {cpuid.eax, cpuid.ebx, cpuid.ecx, cpuid.edx})
          .containsExactly(3, 6, 0x201, 3);
      leaf(leaf, 2);
      assertThat(new int[] {cpuid.eax, cpuid.ebx, cpuid.ecx, cpuid.edx})
          .containsExactly(0, 0, 2, 3);
    }
    Cpuid alone = new Cpuid(CpuModel.standard(), 0, 1, TSC_HZ, APIC_HZ);
    alone.leaf(1, 0, false, 3);
    assertThat(alone.edx >> 28 & 1).isZero();
  }

  @Test
  void cachesHaveTheSizesThatTheyClaim() {
    int[] sizes = {32 << 10, 32 << 10, 2 << 20, 16 << 20};
    for (int i = 0; i < 4; i++) {
      leaf(4, i);
      int line = (cpuid.ebx & 0xfff) + 1;
      int partitions = (cpuid.ebx >> 12 & 0x3ff) + 1;
      int ways = (cpuid.ebx >>> 22) + 1;
      assertThat(line * partitions * ways * (cpuid.ecx + 1)).isEqualTo(sizes[i]);
    }
    leaf(4, 4);
    assertThat(cpuid.eax & 31).isZero();
  }

  @Test
  void xsaveArea() {
    leaf(0xd, 0);
    assertThat(new int[] {cpuid.eax, cpuid.ebx, cpuid.ecx, cpuid.edx})
        .containsExactly(3, 576, 576, 0);
    Cpuid baseline = new Cpuid(CpuModel.named("x86-64-v1"), 0, 1, TSC_HZ, APIC_HZ);
    baseline.leaf(0xd, 0, false, 0);
    assertThat(baseline.ecx).isZero();
  }

  @Test
  void clocks() {
    leaf(0x15, 0);
    long crystal = cpuid.ecx & 0xffff_ffffL;
    assertThat(crystal * cpuid.ebx / cpuid.eax).isEqualTo(TSC_HZ);
    // Linux, native_calibrate_tsc: crystal_khz * ebx_numerator in an unsigned int.
    assertThat(crystal / 1000 * cpuid.ebx).isLessThan(1L << 32);
    leaf(0x16, 0);
    assertThat(cpuid.eax).isEqualTo(2500);
    leaf(0x4000_0010, 0);
    assertThat(cpuid.eax).isEqualTo(2_500_000);
    assertThat(cpuid.ebx).isEqualTo(1_000_000);
  }

  @Test
  void hypervisorLeaves() {
    leaf(0x4000_0000, 0);
    assertThat(cpuid.eax).isEqualTo(0x4000_0010);
    assertThat(ascii(cpuid.ebx, cpuid.ecx, cpuid.edx)).isEqualTo("KVMKVMKVM\0\0\0");
    leaf(0x4000_0001, 0);
    assertThat(cpuid.eax).isEqualTo(0x0100_000b);
  }

  @Test
  void addressWidths() {
    leaf(0x8000_0000, 0);
    assertThat(cpuid.eax).isEqualTo(0x8000_0008);
    leaf(0x8000_0008, 0);
    assertThat(cpuid.eax).isEqualTo(48 << 8 | 40);
  }

  @Test
  void leavesBeyondTheLastAnswerAsTheLastBasicOne() {
    leaf(0x1f, 0);
    int[] last = {cpuid.eax, cpuid.ebx, cpuid.ecx, cpuid.edx};
    for (int leaf : new int[] {0x20, 0x3fff_ffff, 0x8000_0009, -1}) {
      leaf(leaf, 0);
      assertThat(new int[] {cpuid.eax, cpuid.ebx, cpuid.ecx, cpuid.edx}).isEqualTo(last);
    }
  }

  @Test
  void unknownModelsAreRefusedWithTheKnownNames() {
    assertThatThrownBy(() -> CpuModel.named("x86-64-v9"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("x86-64-v9")
        .hasMessageContaining("x86-64-v1, x86-64-v2");
    assertThatThrownBy(() -> new Cpuid(CpuModel.standard(), 0, 0, TSC_HZ, APIC_HZ))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private void leaf(int leaf, int subleaf) {
    cpuid.leaf(leaf, subleaf, true, 3);
  }

  private static String ascii(int... words) {
    ByteBuffer bytes = ByteBuffer.allocate(words.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    for (int word : words) {
      bytes.putInt(word);
    }
    return new String(bytes.array(), StandardCharsets.US_ASCII);
  }
}
