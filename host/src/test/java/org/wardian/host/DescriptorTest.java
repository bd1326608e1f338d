package org.wardian.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(600)
class DescriptorTest {
  @BeforeEach
  void onLinux() {
    assumeTrue(Libc.LINUX, "descriptors are of Linux");
  }

  @Test
  void aFileIsReadWrittenAndMapped(@TempDir Path directory) throws Exception {
    Path path = Files.write(directory.resolve("file"), new byte[4096]);
    try (Descriptor file = Descriptor.open(path);
        Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom("wardian");
      assertThat(file.write(text.address(), 7)).isEqualTo(7);
      long address = file.map(0, 4096);
      MemorySegment mapped = at(address);
      assertThat(mapped.getString(0)).isEqualTo("wardian");
      Descriptor.replaceByZeroes(address, 4096);
      assertThat(mapped.get(ValueLayout.JAVA_BYTE, 0)).isZero();
      mapped.set(ValueLayout.JAVA_BYTE, 0, (byte) 'x');
      Descriptor.unmap(address, 4096);
      assertThat(file.read(text.address(), 7)).as("zeroes of the file's rest").isEqualTo(7);
      assertThat(Files.readAllBytes(path))
          .startsWith("wardian".getBytes(StandardCharsets.US_ASCII));
    }
  }

  @SuppressWarnings("restricted") // a mapping of this size
  private static MemorySegment at(long address) {
    return MemorySegment.ofAddress(address).reinterpret(4096);
  }

  @Test
  void errorsAreNegatedNumbers(@TempDir Path directory) throws Exception {
    Path path = Files.write(directory.resolve("file"), new byte[16]);
    try (Descriptor file = Descriptor.open(path)) {
      assertThat(file.read(1, 8)).isEqualTo(-Errno.EFAULT);
      assertThat(file.ioctl(0xae00, 0)).isNegative();
    }
    assertThatThrownBy(() -> Descriptor.open(directory.resolve("none")))
        .isInstanceOfSatisfying(
            HostException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
  }

  @Test
  void aLateCallNeverHitsTheNextFileOfTheSameNumber(@TempDir Path directory) throws Exception {
    Path victim = Files.write(directory.resolve("victim"), new byte[0]);
    AtomicLong calls = new AtomicLong();
    try (Arena arena = Arena.ofShared()) {
      long one = arena.allocateFrom(ValueLayout.JAVA_LONG, 1).address();
      for (int round = 0; round < 200; round++) {
        Path written = Files.write(directory.resolve("written"), new byte[0]);
        Descriptor file = Descriptor.open(written);
        long before = calls.get();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
          threads.add(
              Thread.ofPlatform()
                  .start(() -> {
                    try {
                      while (true) {
                        file.write(one, 8);
                        calls.incrementAndGet();
                      }
                    } catch (IllegalStateException closed) {
                      // As it must be.
                    }
                  }));
        }
        // One of them at least is at it.
        while (calls.get() == before) {
          Thread.onSpinWait();
        }
        file.close();
        try (Descriptor next = Descriptor.open(victim)) {
          assertThat(next.closed()).isFalse();
          for (Thread thread : threads) {
            thread.join();
          }
        }
      }
    }
    assertThat(calls.get()).isPositive();
    assertThat(Files.size(victim)).isZero();
  }
}
