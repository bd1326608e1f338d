package org.wardian.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class HostProcessorTest {
  @Test
  void theFirstProcessorsFlagsAreRead() {
    HostProcessor processor =
        HostProcessor.parse(
            HostProcessor.Architecture.X86_64,
            List.of(
                "processor\t: 0",
                "vendor_id\t: GenuineExample",
                "model name\t: Example 3000",
                "flags\t\t: fpu sse2  avx",
                "",
                "processor\t: 1",
                "model name\t: Other",
                "flags\t\t: none"));
    assertThat(processor.vendor()).isEqualTo("GenuineExample");
    assertThat(processor.model()).isEqualTo("Example 3000");
    assertThat(processor.flags()).containsExactlyInAnyOrder("fpu", "sse2", "avx");
    assertThat(processor.has("avx")).isTrue();
    assertThat(processor.has("avx2")).isFalse();
  }

  @Test
  void anEmptyFileGivesNoFlags() {
    HostProcessor processor = HostProcessor.parse(HostProcessor.Architecture.OTHER, List.of());
    assertThat(processor.flags()).isEmpty();
    assertThat(processor.model()).isEqualTo("unknown");
  }

  @Test
  void thisHostIsDescribed() {
    HostProcessor processor = HostProcessor.current();
    assertThat(processor.architecture()).isNotNull();
    if (Libc.LINUX && processor.architecture() == HostProcessor.Architecture.X86_64) {
      assertThat(processor.flags()).contains("fpu", "sse2", "lm");
    }
  }

  @Test
  void everyAnswerHasAReason() {
    HostProcessor.Capability kvm = HostProcessor.kvm();
    assertThat(kvm.reason()).isNotBlank();
    if (!Files.exists(Path.of("/dev/kvm"))) {
      assertThat(kvm.available()).isFalse();
    }
    assertThat(HostProcessor.executableMemory().reason()).isNotBlank();
  }

  @Test
  void aFailedSystemCallNamesItselfAndTheError() {
    assumeTrue(Libc.LINUX);
    assumeTrue(HostProcessor.current().architecture() == HostProcessor.Architecture.X86_64);
    assertThatThrownBy(() -> SystemCall.invoke("close", 3, -1))
        .isInstanceOfSatisfying(HostException.class, e -> assertThat(e.errno()).isEqualTo(9))
        .hasMessageContaining("close")
        .hasMessageContaining("Bad file descriptor");
    assertThat(SystemCall.invoke("getpid", 39)).isEqualTo(ProcessHandle.current().pid());
  }
}
