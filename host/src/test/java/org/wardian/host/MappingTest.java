package org.wardian.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MappingTest {
  @TempDir Path folder;

  @Test
  void anonymousMemoryIsZeroAndWritable() {
    try (Mapping mapping = Mapping.anonymous(100_000)) {
      assertThat(mapping.size()).isGreaterThanOrEqualTo(100_000);
      assertThat(mapping.segment().get(ValueLayout.JAVA_LONG, 8)).isZero();
      mapping.segment().set(ValueLayout.JAVA_LONG, 8, 42);
      assertThat(mapping.segment().get(ValueLayout.JAVA_LONG, 8)).isEqualTo(42);
      assertThat(mapping.segment().address()).isEqualTo(mapping.address());
    }
  }

  @Test
  void hugeMappingCostsNothingUntilItIsUsed() {
    long terabyte = 1L << 40;
    assumeTrue(Libc.LINUX);
    try (Mapping mapping = Mapping.anonymous(terabyte)) {
      mapping.putByte(terabyte - 1, (byte) 7);
      assertThat(mapping.getByte(terabyte - 1)).isEqualTo((byte) 7);
    }
  }

  @Test
  void anonymousMemoryLiesBetweenPagesThatCannotBeTouched() throws IOException {
    assumeTrue(Libc.LINUX);
    try (Mapping mapping = Mapping.anonymous(4096)) {
      assertThat(protection(mapping.address() - 1)).startsWith("---");
      assertThat(protection(mapping.address())).startsWith("rw-");
      assertThat(protection(mapping.address() + mapping.size())).startsWith("---");
    }
  }

  @Test
  void executableMemoryLiesBetweenPagesThatCannotBeTouched() throws IOException {
    assumeTrue(Libc.LINUX);
    try (Mapping mapping = Mapping.executable(4096)) {
      assertThat(protection(mapping.address() - 1)).startsWith("---");
      assertThat(protection(mapping.address())).startsWith("rwx");
      assertThat(protection(mapping.address() + mapping.size())).startsWith("---");
    }
  }

  @Test
  void sharedMemoryIsSeenThroughItsDescriptor() throws IOException {
    assumeTrue(Libc.LINUX);
    try (Mapping mapping = Mapping.shared(8192, "wardian-test")) {
      mapping.putByte(5000, (byte) 99);
      byte[] file = Files.readAllBytes(Path.of("/proc/self/fd/" + mapping.fd()));
      assertThat(file).hasSize((int) mapping.size());
      assertThat(file[5000]).isEqualTo((byte) 99);
      assertThat(protection(mapping.address() - 1)).startsWith("---");
    }
  }

  @Test
  void pagesGivenBackReadAsZero() {
    for (Mapping mapping : List.of(Mapping.anonymous(1 << 20), Mapping.shared(1 << 20, "w"))) {
      try (mapping) {
        mapping.segment().fill((byte) 0x5a);
        mapping.adviseDontNeed(65536, 131072);
        assertThat(mapping.getByte(65535)).isEqualTo((byte) 0x5a);
        assertThat(mapping.getByte(65536)).isZero();
        assertThat(mapping.getByte(65536 + 131071)).isZero();
        assertThat(mapping.getByte(65536 + 131072)).isEqualTo((byte) 0x5a);
        mapping.adviseHugePages();
      }
    }
  }

  @Test
  void executableMemoryRuns() {
    assumeTrue(HostProcessor.executableMemory().available());
    assumeTrue(HostProcessor.current().architecture() == HostProcessor.Architecture.X86_64);
    try (Mapping mapping = Mapping.executable(4096)) {
      // lea rax, [rdi + 5]; ret
      byte[] code = {0x48, (byte) 0x8d, 0x47, 5, (byte) 0xc3};
      for (int i = 0; i < code.length; i++) {
        mapping.putByte(i, code[i]);
      }
      assertThat(NativeFunction.at(mapping.address()).call(37)).isEqualTo(42);
    }
  }

  @Test
  void lowMemoryIsBelowTwoGibibytes() {
    assumeTrue(Libc.LINUX);
    try (Mapping first = Mapping.low32(1 << 20, false);
        Mapping second = Mapping.low32(1 << 20, false)) {
      assertThat(first.address() + first.size()).isLessThanOrEqualTo(1L << 31);
      assertThat(second.address() + second.size()).isLessThanOrEqualTo(1L << 31);
      assertThat(second.address()).isNotEqualTo(first.address());
      second.putByte(0, (byte) 1);
      assertThat(first.getByte(0)).isZero();
    }
  }

  @Test
  void anOccupiedAddressIsRefusedAndNamed() {
    assumeTrue(Libc.LINUX);
    try (Mapping first = Mapping.low32(1 << 16, false)) {
      assertThatThrownBy(() -> Mapping.at(first.address(), 1 << 16, false))
          .isInstanceOf(HostException.class)
          .hasMessageContaining(Long.toHexString(first.address()))
          .hasMessageContaining("mmap");
    }
  }

  @Test
  void impossibleSizesAreRefused() {
    assertThatThrownBy(() -> Mapping.anonymous(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Mapping.anonymous(-1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Mapping.anonymous(1L << 60))
        .isInstanceOf(HostException.class)
        .hasMessageContaining("less memory");
  }

  @Test
  void closingTwiceIsHarmlessAndEndsAccess() {
    Mapping mapping = Mapping.anonymous(4096);
    mapping.close();
    mapping.close();
    assertThatThrownBy(() -> mapping.getByte(0)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void accessOutsideIsRefused() {
    try (Mapping mapping = Mapping.anonymous(4096)) {
      long size = mapping.size();
      assertThatThrownBy(() -> mapping.getByte(size)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> mapping.adviseDontNeed(0, size + 1))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  /** The permission column of the line of /proc/self/maps that contains {@code address}. */
  private static String protection(long address) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
      String[] columns = line.split("[ -]", 4);
      long start = Long.parseUnsignedLong(columns[0], 16);
      long end = Long.parseUnsignedLong(columns[1], 16);
      if (address >= start && address < end) {
        return line.substring(line.indexOf(' ') + 1);
      }
    }
    return "unmapped";
  }

  @Test
  void aFilesPartIsReadAsItIsTouchedAndNeverWritten() throws Exception {
    Path file = folder.resolve("content");
    byte[] content = new byte[512 << 10];
    new Random(1).nextBytes(content);
    Files.write(file, content);
    long offset = 64 << 10;
    try (Mapping mapping = Mapping.ofFile(file, offset, 256 << 10)) {
      Files.delete(file); // a name is not needed any more
      Files.write(file, content);
      assertThat(mapping.getByte(0)).isEqualTo(content[(int) offset]);
      assertThat(mapping.getByte((256 << 10) - 1))
          .isEqualTo(content[(int) offset + (256 << 10) - 1]);
      mapping.putByte(7, (byte) 42);
      mapping.putByte(200_000, (byte) 42);
      // Given back, pages are zero, not the file's.
      mapping.adviseDontNeed(0, 4096);
      mapping.adviseDontNeed(128 << 10, 128 << 10);
      for (long at : new long[] {0, 7, 4095, 128 << 10, 200_000, (256 << 10) - 1}) {
        assertThat(mapping.getByte(at)).as("byte %d", at).isZero();
      }
      assertThat(mapping.getByte(4096)).isEqualTo(content[(int) offset + 4096]);
      assertThat(mapping.nextData(0)).isZero();
    }
    assertThat(Files.readAllBytes(file)).isEqualTo(content);
  }

  @Test
  void aPartBeyondTheFilesEndIsRefused() throws Exception {
    Path file = folder.resolve("short");
    Files.write(file, new byte[100_000]);
    assertThatThrownBy(() -> Mapping.ofFile(file, 64 << 10, 64 << 10))
        .isInstanceOf(HostException.class)
        .hasMessageContaining("shorter");
    assertThatThrownBy(() -> Mapping.ofFile(file, 4096, 64 << 10))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Mapping.ofFile(folder.resolve("none"), 0, 64 << 10))
        .isInstanceOf(HostException.class)
        .hasMessageContaining("none");
  }

  @Test
  void privateMemoryTellsWhatNobodyHasUsed() {
    assumeTrue(Files.isReadable(Path.of("/proc/self/pagemap")));
    long size = 1L << 30;
    try (Mapping mapping = Mapping.anonymous(size)) {
      assertThat(mapping.nextData(0)).isEqualTo(size);
      mapping.putByte(5 << 20, (byte) 1);
      mapping.putByte(size - 4096, (byte) 1);
      // A host with huge pages gives one of those.
      assertThat(mapping.nextData(0)).isBetween(3L << 20, 5L << 20);
      assertThat(mapping.nextData((5 << 20) + 7)).isEqualTo((5 << 20) + 7);
      assertThat(mapping.nextData(8 << 20)).isBetween(size - (2 << 20), size - 4096);
      mapping.adviseDontNeed(2 << 20, 6 << 20);
      assertThat(mapping.nextData(0)).isBetween(size - (2 << 20), size - 4096);
    }
  }

  @Test
  void privateMemoryOnlyCanBeMerged() throws IOException {
    assumeTrue(Files.isDirectory(Path.of("/sys/kernel/mm/ksm")), "a kernel without KSM");
    Path file = folder.resolve("content");
    Files.write(file, new byte[512 << 10]);
    try (Mapping anonymous = Mapping.anonymous(1 << 20);
        Mapping copy = Mapping.ofFile(file, 0, 512 << 10);
        Mapping shared = Mapping.shared(1 << 20, "w")) {
      assertThat(anonymous.adviseMergeable()).isTrue();
      assertThat(copy.adviseMergeable()).isTrue();
      assertThat(shared.adviseMergeable()).isFalse();
      copy.adviseDontNeed(64 << 10, 128 << 10);
      assertThat(flags(anonymous.address())).contains(" mg");
      assertThat(flags(copy.address())).contains(" mg");
      assertThat(flags(copy.address() + (64 << 10))).contains(" mg");
      assertThat(flags(shared.address())).doesNotContain(" mg");
    }
  }

  /** The line VmFlags of /proc/self/smaps (Linux, filesystems/proc.rst) for an address. */
  private static String flags(long address) throws IOException {
    boolean here = false;
    for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
      if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
        String[] columns = line.split("[ -]", 3);
        here =
            address >= Long.parseUnsignedLong(columns[0], 16)
                && address < Long.parseUnsignedLong(columns[1], 16);
      } else if (here && line.startsWith("VmFlags:")) {
        return line;
      }
    }
    return "unmapped";
  }

  @Test
  void sharedMemoryTellsWhatNobodyHasUsed() {
    try (Mapping mapping = Mapping.shared(8 << 20, "test")) {
      assertThat(mapping.nextData(0)).isEqualTo(mapping.size());
      mapping.putByte(5 << 20, (byte) 1);
      long found = mapping.nextData(0);
      // A host with huge pages gives one of those.
      assertThat(found).isBetween(4L << 20, 5L << 20);
      assertThat(mapping.nextData((7 << 20) + 4096)).isEqualTo(mapping.size());
    }
  }
}
