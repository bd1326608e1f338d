package org.wardian.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class HostThreadTest {
  @Test
  void aThreadStaysWhereItIsPinned() {
    int[] before = HostThread.processors();
    int last = before[before.length - 1];

    int[] pinned =
        CompletableFuture.supplyAsync(
                () -> {
                  HostThread.pin(last);
                  return HostThread.processors();
                },
                task -> Thread.ofPlatform().start(task))
            .join();

    assertThat(pinned).containsExactly(last);
    assertThat(HostThread.processors()).as("other threads").isEqualTo(before);
  }

  @Test
  void aProcessorThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> HostThread.pin(1023))
        .isInstanceOf(HostException.class)
        .hasMessageContaining("1023")
        .hasMessageContaining("nproc");
    assertThatThrownBy(() -> HostThread.pin(1024)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> HostThread.pin(-1)).isInstanceOf(IllegalArgumentException.class);
  }
}
