package org.wardian.network.tap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.wardian.host.HostException;
import org.wardian.network.Frame;
import org.wardian.network.Frame.Segmentation;
import org.wardian.network.wire.Damage;

class TapPortTest {
  private static void assumeTap() {
    assumeTrue(Files.exists(Path.of("/dev/net/tun")), "needs /dev/net/tun: modprobe tun");
    assumeTrue(ProcessHandle.current().info().user().orElse("").equals("root"), "needs root");
  }

  @Test
  void anInterfaceIsCreatedAndASecondUserIsRefused() {
    assumeTap();
    String name = "wtest" + ProcessHandle.current().pid() % 100_000;
    try (TapPort port = new TapPort(name)) {
      assertThat(port.name()).isEqualTo(name);
      assertThat(port.mtu()).isEqualTo(1500);
      assertThat(Files.exists(Path.of("/sys/class/net", name))).isTrue();
      assertThatExceptionOfType(HostException.class)
          .isThrownBy(() -> new TapPort(name).close())
          .withMessageContaining(name)
          .withMessageContaining("another program has it");
    }
    assertThat(Files.exists(Path.of("/sys/class/net", name))).isFalse();
  }

  @Test
  void aPortThatDoesNotDeliverCloses() {
    assumeTap();
    TapPort port = new TapPort("wtest%d");
    port.start();
    port.pause();
    port.resume();
    port.close();
    port.close();
    assertThat(port.send(Frame.complete(new byte[60], 0, 60))).isFalse();
  }

  @Test
  void interfacesOfOtherKindsAreRefused() {
    assumeTap();
    assertThatExceptionOfType(HostException.class)
        .isThrownBy(() -> new TapPort("lo").close())
        .withMessageContaining("interface lo");
    for (String name : new String[] {"", "a/b", "much-too-long-for-it", "a b"}) {
      assertThatIllegalArgumentException().isThrownBy(() -> new TapPort(name).close());
    }
  }

  @Test
  void anyHeaderIsAFrameOrNone() {
    SplittableRandom random = new SplittableRandom(6);
    int frames = 0;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(VirtioHeader.SIZE + Frame.LONGEST + 10);
      Frame whole = new Frame(new byte[3000], 0, 3000, 34, 16, false, Segmentation.TCP4, 1448);
      for (int i = 0; i < Damage.ITERATIONS; i++) {
        int length = VirtioHeader.write(whole, memory);
        for (int damage = random.nextInt(4); damage > 0; damage--) {
          memory.set(
              ValueLayout.JAVA_BYTE, random.nextInt(VirtioHeader.SIZE), (byte) random.nextInt(256));
        }
        int cut = random.nextInt(3) == 0 ? random.nextInt(length + 1) : length;
        Frame frame = VirtioHeader.read(memory, cut);
        if (frame != null) {
          frames++;
          assertThat(frame.length()).isEqualTo(cut - VirtioHeader.SIZE);
          assertThat(frame.checksumStart() + frame.checksumOffset() + 2)
              .isLessThanOrEqualTo(frame.length());
          VirtioHeader.write(frame, memory);
        }
      }
    }
    assertThat(frames).isPositive();
  }
}
