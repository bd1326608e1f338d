package org.wardian.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class MultibootTest {

  private static final int MEMORY = 8 << 20;

  private final ArrayRam ram = new ArrayRam(MEMORY);

  private BootState load(byte[] file, BootModule... modules) throws BootException {
    BootParameters parameters =
        new BootParameters(
            BootProtocol.AUTO, "kernel -v", List.of(modules), ram.memoryMap(), 0xe0000);
    return BootLoader.load(KernelImage.parse(file), parameters, ram);
  }

  private static byte[] elf() {
    return TestImages.Elf.linux32()
        .withoutPvh()
        .flat()
        .withText(TestImages.multibootText())
        .build();
  }

  @Test
  void entersAnElfFileWithTheInformationStructure() throws Exception {
    byte[] first = TestImages.text(5000);
    byte[] second = TestImages.text(10);
    BootState state = load(elf(), new BootModule(first, "one 1"), new BootModule(second, "two"));

    assertThat(state.protocol()).isEqualTo(BootProtocol.MULTIBOOT);
    assertThat(state.mode()).isEqualTo(BootState.Mode.PROTECTED_32);
    assertThat(state.entry()).isEqualTo(TestImages.LOAD);
    assertThat(state.rax()).isEqualTo(0x2badb002L);

    long info = state.rbx();
    assertThat(ram.u32(info)).isEqualTo(1 | 1 << 2 | 1 << 3 | 1 << 6 | 1 << 9);
    assertThat(ram.u32(info + 4)).isEqualTo(639);
    assertThat(ram.u32(info + 8)).isEqualTo((MEMORY >> 10) - 1024);
    assertThat(ram.text(ram.u32(info + 16))).isEqualTo("kernel -v");
    assertThat(ram.text(ram.u32(info + 64))).isEqualTo("Wardian");

    assertThat(ram.u32(info + 20)).isEqualTo(2);
    long modules = ram.u32(info + 24);
    // The first page behind the kernel's BSS, then the next free one.
    assertThat(ram.u32(modules)).isEqualTo(TestImages.LOAD + 0x3000);
    assertThat(ram.u32(modules + 4)).isEqualTo(TestImages.LOAD + 0x3000 + 5000);
    assertThat(ram.text(ram.u32(modules + 8))).isEqualTo("one 1");
    assertThat(ram.bytes(ram.u32(modules), 5000)).isEqualTo(first);
    assertThat(ram.u32(modules + 16)).isEqualTo(TestImages.LOAD + 0x5000);
    assertThat(ram.text(ram.u32(modules + 24))).isEqualTo("two");

    long map = ram.u32(info + 48);
    assertThat(ram.u32(info + 44)).isEqualTo(3 * 24);
    for (MemoryRange range : ram.memoryMap()) {
      assertThat(ram.u32(map)).isEqualTo(20);
      assertThat(ram.i64(map + 4)).isEqualTo(range.base());
      assertThat(ram.i64(map + 12)).isEqualTo(range.length());
      assertThat(ram.u32(map + 20)).isEqualTo(range.kind().number());
      map += 24;
    }
  }

  @Test
  void loadsAFlatImageByItsAddressFields() throws Exception {
    byte[] file = TestImages.flatMultiboot();
    ram.bytes()[(int) TestImages.LOAD + 0x800] = 1;
    BootState state = load(file);
    assertThat(state.entry()).isEqualTo(TestImages.LOAD + 0x80);
    assertThat(ram.bytes(TestImages.LOAD, 0x100)).isEqualTo(Arrays.copyOf(file, 0x100));
    assertThat(ram.bytes(TestImages.LOAD + 0x100, 0xf00)).containsOnly((byte) 0);
    assertThat(ram.u32(state.rbx()) & 1 << 3).isZero();
  }

  @Test
  void addressFieldsTakePrecedenceOverElfHeaders() throws Exception {
    byte[] file = elf();
    int header = 52 + 64 + 0x10;
    TestImages.multibootHeader(file, header, 0x10003);
    LittleEndian.put32(file, header + 12, 0x300000 + header);
    LittleEndian.put32(file, header + 16, 0x300000);
    LittleEndian.put32(file, header + 20, 0);
    LittleEndian.put32(file, header + 24, 0);
    LittleEndian.put32(file, header + 28, 0x300040);
    assertThat(load(file).entry()).isEqualTo(0x300040);
    assertThat(ram.bytes(0x300000, file.length)).isEqualTo(file);
  }

  @Test
  void refusesModulesThatDoNotFit() {
    assertThatThrownBy(() -> load(elf(), BootModule.initrd(new byte[7 << 20])))
        .isInstanceOf(BootException.class)
        .hasMessageContaining("a module of 7 MiB does not fit");
  }

  @Test
  void refusesModuleCommandLinesThatDoNotFit() {
    BootModule module = new BootModule(new byte[1], "x".repeat(0x10000));
    assertThatThrownBy(() -> load(elf(), module)).hasMessageContaining("too long command lines");
  }
}
