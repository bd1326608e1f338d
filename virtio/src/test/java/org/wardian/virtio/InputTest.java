package org.wardian.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.wardian.display.PointerReceiver;
import org.wardian.virtio.DriverQueue.Buffer;
import org.wardian.virtio.input.VirtioKeyboard;
import org.wardian.virtio.input.VirtioTablet;

/** Keyboard and tablet by their protocol (virtio 1.2 §5.8). */
class InputTest {
  private TestDriver driver;
  private DriverQueue queue;

  private void open(TestMachine machine) {
    driver = new TestDriver(machine);
    driver.negotiate(Features.VERSION_1);
    queue = driver.queue(0, 16);
    driver.ready();
  }

  private byte[] ask(int select, int subselect) {
    driver.deviceConfig(0, 1, select);
    driver.deviceConfig(1, 1, subselect);
    byte[] answer = new byte[(int) driver.deviceConfig(2, 1)];
    for (int i = 0; i < answer.length; i++) {
      answer[i] = (byte) driver.deviceConfig(8 + i, 1);
    }
    return answer;
  }

  private byte[] event() {
    long at = driver.allocate(8);
    assertThat(queue.transact(List.of(new Buffer(at, 8, true)))).isEqualTo(8);
    return driver.read(at, 8);
  }

  @Test
  void aKeyboardTypes() {
    VirtioKeyboard keyboard = new VirtioKeyboard("keyboard");
    try (TestMachine machine = new TestMachine(keyboard)) {
      open(machine);
      assertThat(new String(ask(1, 0), StandardCharsets.US_ASCII)).isEqualTo("Wardian keyboard");
      assertThat(ask(0x11, 1)).as("keys").hasSize(16).startsWith(0xfe, 0xff);
      assertThat(ask(0x11, 3)).as("no axes").isEmpty();
      assertThat(ask(0x77, 0)).isEmpty();
      keyboard.key(0x1e, true);
      keyboard.key(0x148, false);
      keyboard.key(0x7f, true);
      assertThat(event()).containsExactly(1, 0, 30, 0, 1, 0, 0, 0);
      assertThat(event()).containsExactly(0, 0, 0, 0, 0, 0, 0, 0);
      assertThat(event()).containsExactly(1, 0, 103, 0, 0, 0, 0, 0);
      assertThat(event()).containsExactly(0, 0, 0, 0, 0, 0, 0, 0);
      assertThat(keyboard.failure()).isEmpty();
    }
  }

  @Test
  void aTabletPoints() {
    VirtioTablet tablet = new VirtioTablet("tablet");
    try (TestMachine machine = new TestMachine(tablet)) {
      open(machine);
      assertThat(ask(0x12, 0)).hasSize(20).startsWith(0, 0, 0, 0, 0xff, 0x7f, 0, 0);
      assertThat(ask(0x12, 2)).isEmpty();
      tablet.pointer(639, 0, 640, 480, PointerReceiver.RIGHT, 1);
      assertThat(event()).containsExactly(3, 0, 0, 0, 0xff, 0x7f, 0, 0);
      assertThat(event()).containsExactly(3, 0, 1, 0, 0, 0, 0, 0);
      assertThat(event()).containsExactly(1, 0, 0x10, 1, 0, 0, 0, 0);
      assertThat(event()).containsExactly(1, 0, 0x12, 1, 0, 0, 0, 0);
      assertThat(event()).containsExactly(1, 0, 0x11, 1, 1, 0, 0, 0);
      assertThat(event()).containsExactly(2, 0, 8, 0, 0xff, 0xff, 0xff, 0xff);
      assertThat(event()).containsExactly(0, 0, 0, 0, 0, 0, 0, 0);
      assertThat(tablet.failure()).isEmpty();
    }
  }
}
