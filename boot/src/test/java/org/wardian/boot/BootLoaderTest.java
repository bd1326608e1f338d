package org.wardian.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class BootLoaderTest {

  private static final int MEMORY = 8 << 20;
  private static final long RSDP = 0xe0000;
  private static final byte[] INITRD = TestImages.text(5000);

  private final ArrayRam ram = new ArrayRam(MEMORY);

  private BootParameters parameters(BootProtocol protocol, BootModule... modules) {
    return new BootParameters(
        protocol, "console=ttyS0 quiet", List.of(modules), ram.memoryMap(), RSDP);
  }

  private BootState load(byte[] file, BootProtocol protocol, BootModule... modules)
      throws BootException {
    return BootLoader.load(KernelImage.parse(file), parameters(protocol, modules), ram);
  }

  private byte[] linux64() throws Exception {
    return TestImages.bzImage(KernelImageTest.gzip(TestImages.Elf.linux64().build()));
  }

  private byte[] linux32() throws Exception {
    return TestImages.bzImage(KernelImageTest.gzip(TestImages.Elf.linux32().build()));
  }

  private void assertKernelLoaded() {
    assertThat(ram.bytes(TestImages.LOAD, TestImages.TEXT_SIZE))
        .isEqualTo(TestImages.text(TestImages.TEXT_SIZE));
    assertThat(ram.bytes(TestImages.LOAD + TestImages.TEXT_SIZE, TestImages.BSS_SIZE))
        .containsOnly((byte) 0);
  }

  @Test
  void tellsALinuxOfTheTextScreenWhereThereIsOne() throws Exception {
    BootParameters shown =
        new BootParameters(
            BootProtocol.AUTO, "console=tty0", List.of(), ram.memoryMap(), RSDP, true);
    BootState state = BootLoader.load(KernelImage.parse(linux64()), shown, ram);
    assertThat(state.protocol()).isEqualTo(BootProtocol.LINUX);
    assertThat(ram.bytes(LowMemory.ZERO_PAGE, 0x12))
        .containsExactly(0, 0, 0, 0, 0, 0, 3, 80, 0, 0, 3, 0, 0, 0, 25, 1, 16, 0);

    load(linux64(), BootProtocol.LINUX);
    assertThat(ram.bytes(LowMemory.ZERO_PAGE, 0x40)).containsOnly((byte) 0);
  }

  @Test
  void entersByPvhWhereTheKernelHasTheNote() throws Exception {
    // What was in memory before must not show in the BSS.
    Arrays.fill(ram.bytes(), 0x200000, 0x210000, (byte) 0x5a);
    BootState state = load(linux64(), BootProtocol.AUTO, BootModule.initrd(INITRD));

    assertThat(state.protocol()).isEqualTo(BootProtocol.PVH);
    assertThat(state.mode()).isEqualTo(BootState.Mode.PROTECTED_32);
    assertThat(state.entry()).isEqualTo(TestImages.LOAD + TestImages.PVH_OFFSET);
    assertThat(state.cr0()).isEqualTo(0x11);
    assertThat(state.cr4()).isZero();
    assertThat(state.efer()).isZero();
    assertKernelLoaded();

    long info = state.rbx();
    assertThat(info).isEqualTo(LowMemory.PVH_START_INFO);
    assertThat(ram.u32(info)).isEqualTo(0x336ec578);
    assertThat(ram.u32(info + 4)).isEqualTo(1);
    assertThat(ram.u32(info + 12)).isEqualTo(1);
    assertThat(ram.text(ram.i64(info + 24))).isEqualTo("console=ttyS0 quiet");
    assertThat(ram.i64(info + 32)).isEqualTo(RSDP);
    assertThat(ram.u32(info + 48)).isEqualTo(3);

    long module = ram.i64(info + 16);
    assertThat(ram.i64(module + 8)).isEqualTo(INITRD.length);
    // As high as it fits, on a page boundary.
    assertThat(ram.i64(module)).isEqualTo(MEMORY - 8192);
    assertThat(ram.bytes(ram.i64(module), INITRD.length)).isEqualTo(INITRD);

    long map = ram.i64(info + 40);
    for (MemoryRange range : ram.memoryMap()) {
      assertThat(ram.i64(map)).isEqualTo(range.base());
      assertThat(ram.i64(map + 8)).isEqualTo(range.length());
      assertThat(ram.u32(map + 16)).isEqualTo(range.kind().number());
      map += 24;
    }
  }

  @Test
  void entersLinux64InLongMode() throws Exception {
    BootState state = load(linux64(), BootProtocol.LINUX, BootModule.initrd(INITRD));

    assertThat(state.mode()).isEqualTo(BootState.Mode.LONG_64);
    assertThat(state.entry()).isEqualTo(TestImages.LOAD);
    assertThat(state.rsi()).isEqualTo(LowMemory.ZERO_PAGE);
    assertThat(state.cr0()).isEqualTo(0x80000011L);
    assertThat(state.cr4()).isEqualTo(0x20);
    assertThat(state.efer()).isEqualTo(0x500);
    assertThat(state.descriptor(BootState.CODE_SELECTOR)).isEqualTo(0x00af9b000000ffffL);
    assertKernelLoaded();
    assertZeroPage();
  }

  private void assertZeroPage() {
    long page = LowMemory.ZERO_PAGE;
    assertThat(ram.i64(page + 0x70)).isEqualTo(RSDP);
    assertThat(ram.bytes(page + 0x1e8, 1)).containsExactly((byte) 3);
    assertThat(ram.u32(page + 0x1fe) & 0xffff).isEqualTo(0xaa55);
    assertThat(ram.u32(page + 0x202)).isEqualTo(0x53726448);
    assertThat(ram.u32(page + 0x206) & 0xffff).isEqualTo(0x20f);
    // Loader type 0xff; LOADED_HIGH without the KASLR flag that the file had.
    assertThat(ram.bytes(page + 0x210, 2)).containsExactly((byte) 0xff, (byte) 1);
    assertThat(ram.u32(page + 0x218)).isEqualTo(MEMORY - 8192);
    assertThat(ram.u32(page + 0x21c)).isEqualTo(INITRD.length);
    assertThat(ram.text(ram.u32(page + 0x228))).isEqualTo("console=ttyS0 quiet");
    // The file's pointer to set-up data is not passed on.
    assertThat(ram.i64(page + 0x250)).isZero();
    long entry = page + 0x2d0;
    for (MemoryRange range : ram.memoryMap()) {
      assertThat(ram.i64(entry)).isEqualTo(range.base());
      assertThat(ram.i64(entry + 8)).isEqualTo(range.length());
      assertThat(ram.u32(entry + 16)).isEqualTo(range.kind().number());
      entry += 20;
    }
  }

  @Test
  void mapsFourGibOneToOne() throws Exception {
    BootState state = load(linux64(), BootProtocol.LINUX);
    for (long address : new long[] {0, 0x7000, 0x200000, 0x3fe00000L, 0x40000000L, 0xffe00000L}) {
      long pointers = ram.i64(state.cr3() + (address >>> 39) * 8) & -4096;
      long directory = ram.i64(pointers + (address >>> 30 & 511) * 8) & -4096;
      long entry = ram.i64(directory + (address >>> 21 & 511) * 8);
      assertThat(entry).isEqualTo(address & -0x200000 | 0x83);
    }
    assertThat(ram.i64(state.cr3() + 8)).isZero();
  }

  @Test
  void entersLinux32WithPagingOff() throws Exception {
    BootState state = load(linux32(), BootProtocol.LINUX);
    assertThat(state.mode()).isEqualTo(BootState.Mode.PROTECTED_32);
    assertThat(state.entry()).isEqualTo(TestImages.LOAD);
    assertThat(state.rsi()).isEqualTo(LowMemory.ZERO_PAGE);
    assertThat(state.rbx()).isZero();
    assertThat(state.cr3()).isZero();
    assertKernelLoaded();
  }

  @Test
  void makesUpASetupHeaderForABareVmlinux() throws Exception {
    byte[] file = TestImages.Elf.linux64().withoutPvh().build();
    BootState state = load(file, BootProtocol.AUTO, BootModule.initrd(INITRD));
    assertThat(state.protocol()).isEqualTo(BootProtocol.LINUX);
    assertThat(state.mode()).isEqualTo(BootState.Mode.LONG_64);
    assertZeroPage();
  }

  @Test
  void startsTheImagesOwnDecompressor() throws Exception {
    byte[] file = linux64();
    BootState state = load(file, BootProtocol.LINUX_DECOMPRESSOR);
    assertThat(state.mode()).isEqualTo(BootState.Mode.LONG_64);
    assertThat(state.entry()).isEqualTo(TestImages.LOAD + 0x200);
    assertThat(ram.bytes(TestImages.LOAD, file.length - 1024))
        .isEqualTo(Arrays.copyOfRange(file, 1024, file.length));
    assertThat(ram.u32(LowMemory.ZERO_PAGE + 0x214)).isEqualTo(TestImages.LOAD);

    LittleEndian.put16(file, 0x236, 0);
    assertThat(load(file, BootProtocol.LINUX_DECOMPRESSOR).entry()).isEqualTo(TestImages.LOAD);
  }

  @Test
  void takesAPayloadThatIsNotCompressed() throws Exception {
    byte[] file = TestImages.bzImage(TestImages.Elf.linux64().build());
    assertThat(load(file, BootProtocol.AUTO).protocol()).isEqualTo(BootProtocol.PVH);
    assertKernelLoaded();
  }

  @Test
  void leavesAnUnknownPayloadToTheImageItself() throws Exception {
    byte[] file = TestImages.bzImage(TestImages.text(100));
    assertThat(load(file, BootProtocol.AUTO).protocol()).isEqualTo(BootProtocol.LINUX_DECOMPRESSOR);
    assertThatThrownBy(() -> load(file, BootProtocol.PVH))
        .isInstanceOf(KernelFormatException.class)
        .hasMessageContaining("unknown compression (magic 01020304)");
  }

  @Test
  void writesTheDescriptorTable() throws Exception {
    BootState state = load(linux64(), BootProtocol.PVH);
    assertThat(state.gdtLimit()).isEqualTo(47);
    assertThat(ram.i64(state.gdtBase())).isZero();
    assertThat(ram.i64(state.gdtBase() + BootState.CODE_SELECTOR)).isEqualTo(0x00cf9b000000ffffL);
    assertThat(ram.i64(state.gdtBase() + BootState.DATA_SELECTOR)).isEqualTo(0x00cf93000000ffffL);
    assertThat(ram.i64(state.gdtBase() + BootState.TASK_SELECTOR)).isEqualTo(0x00008b0000000067L);
  }

  @Test
  void refusesTooLongCommandLines() throws Exception {
    KernelImage image = KernelImage.parse(linux64());
    BootParameters fits =
        new BootParameters(BootProtocol.PVH, "x".repeat(200), List.of(), ram.memoryMap(), 0);
    BootLoader.load(image, fits, ram);
    BootParameters tooLong =
        new BootParameters(BootProtocol.PVH, "x".repeat(201), List.of(), ram.memoryMap(), 0);
    assertThatThrownBy(() -> BootLoader.load(image, tooLong, ram))
        .isInstanceOf(BootException.class)
        .hasMessageContaining("201 bytes, and this kernel takes 200");
    BootParameters withNul =
        new BootParameters(BootProtocol.PVH, "a\0b", List.of(), ram.memoryMap(), 0);
    assertThatThrownBy(() -> BootLoader.load(image, withNul, ram)).hasMessageContaining("NUL");
  }

  @Test
  void refusesInitrdsThatDoNotFit() throws Exception {
    byte[] file = linux64();
    assertThatThrownBy(() -> load(file, BootProtocol.AUTO, BootModule.initrd(new byte[7 << 20])))
        .isInstanceOf(BootException.class)
        .hasMessageContaining("the initrd of 7 MiB")
        .hasMessageContaining("--memory");
    // The header's limit counts, not only the size of memory.
    LittleEndian.put32(file, 0x22c, 0x3fffff);
    load(file, BootProtocol.AUTO, BootModule.initrd(INITRD));
    assertThat(ram.i64(LowMemory.PVH_START_INFO + PvhStartInfo.MODULE_LIST)).isEqualTo(0x3fe000);
  }

  @Test
  void keepsTheInitrdOutOfTheKernelsWorkingSpace() throws Exception {
    byte[] file = linux64();
    // init_size reaches to the end of memory: what is left is below the kernel.
    LittleEndian.put32(file, 0x260, MEMORY - (int) TestImages.LOAD);
    load(file, BootProtocol.AUTO, BootModule.initrd(INITRD));
    assertThat(ram.i64(LowMemory.PVH_START_INFO + PvhStartInfo.MODULE_LIST))
        .isEqualTo(TestImages.LOAD - 8192);
  }

  @Test
  void refusesTooLittleMemory() throws Exception {
    KernelImage image = KernelImage.parse(linux64());
    ArrayRam small = new ArrayRam((1 << 20) + 4096);
    BootParameters parameters =
        new BootParameters(BootProtocol.AUTO, "", List.of(), small.memoryMap(), 0);
    assertThatThrownBy(() -> BootLoader.load(image, parameters, small))
        .isInstanceOf(BootException.class)
        .hasMessageStartingWith("the kernel needs memory from 2 MiB to 2 MiB")
        .hasMessageContaining("--memory");
  }

  @Test
  void refusesKernelsLargerThanMemoryBeforeUnpackingThem() throws Exception {
    byte[] file = linux64();
    int payloadEnd = 1024 + 0x100 + (int) LittleEndian.u32(file, 0x24c);
    LittleEndian.put32(file, payloadEnd - 4, 50 << 20);
    assertThatThrownBy(() -> load(file, BootProtocol.AUTO))
        .isInstanceOf(BootException.class)
        .hasMessage(
            "the kernel unpacks to 50 MiB, and the machine has 7.6 MiB of memory: "
                + "give it more (--memory)");
  }

  @Test
  void refusesKernelsOverTheBootInformation() throws Exception {
    byte[] file = TestImages.Elf.linux64().build();
    LittleEndian.put64(file, 64 + 24, LowMemory.ZERO_PAGE);
    assertThatThrownBy(() -> load(file, BootProtocol.AUTO))
        .isInstanceOf(KernelFormatException.class)
        .hasMessageContaining("where the boot information goes");
  }

  @Test
  void refusesEntriesOutsideTheKernel() throws Exception {
    byte[] file = TestImages.Elf.linux64().build();
    LittleEndian.put64(file, 24, 0x12345678);
    assertThatThrownBy(() -> load(file, BootProtocol.LINUX))
        .isInstanceOf(KernelFormatException.class)
        .hasMessageContaining("0x12345678 is outside");
  }

  @Test
  void refusesProtocolsThatTheImageDoesNotHave() throws Exception {
    byte[] noNote = TestImages.Elf.linux64().withoutPvh().build();
    assertThatThrownBy(() -> load(noNote, BootProtocol.PVH)).hasMessageContaining("PVH");
    assertThatThrownBy(() -> load(noNote, BootProtocol.MULTIBOOT))
        .hasMessageContaining("multiboot");
    byte[] bzImage = linux64();
    assertThatThrownBy(() -> load(bzImage, BootProtocol.MULTIBOOT))
        .hasMessageContaining("multiboot");
    assertThatThrownBy(() -> load(TestImages.flatMultiboot(), BootProtocol.PVH))
        .isInstanceOf(KernelFormatException.class);
  }

  @Test
  void takesOneInitrdForLinux() throws Exception {
    byte[] file = linux64();
    BootModule initrd = BootModule.initrd(INITRD);
    assertThatThrownBy(() -> load(file, BootProtocol.AUTO, initrd, initrd))
        .hasMessageContaining("one initrd, and 2");
  }
}
