package org.wardian.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.virtio.DriverQueue.Buffer;
import org.wardian.virtio.console.ConsolePort;
import org.wardian.virtio.console.VirtioConsole;

/** The console device (virtio 1.2 §5.3). */
class ConsoleTest {
  private static final long MULTIPORT = 2;

  private final ByteArrayOutputStream first = new ByteArrayOutputStream();
  private final ByteArrayOutputStream second = new ByteArrayOutputStream();
  private final List<String> opened = new CopyOnWriteArrayList<>();
  private final VirtioConsole device = console(opened);
  private final TestMachine machine = new TestMachine(device);
  private final TestDriver driver = new TestDriver(machine);

  private VirtioConsole console(List<String> told) {
    return new VirtioConsole(
        "console",
        List.of(
            new ConsolePort("", true, first::write, open -> told.add("0 " + open)),
            new ConsolePort(
                "org.example.agent", false, second::write, open -> told.add("1 " + open))),
        80,
        25);
  }

  @AfterEach
  void end() {
    assertThat(device.failure()).isEmpty();
    machine.close();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private String input(DriverQueue queue, int room) {
    return input(driver, queue, room);
  }

  private static String input(TestDriver driver, DriverQueue queue, int room) {
    long at = driver.allocate(room);
    queue.add(List.of(new Buffer(at, room, true)), false);
    queue.kick();
    return new String(driver.read(at, queue.await().written()), StandardCharsets.US_ASCII);
  }

  private void output(DriverQueue queue, String text) {
    output(driver, queue, text);
  }

  private static void output(TestDriver driver, DriverQueue queue, String text) {
    long at = driver.allocate(text.length());
    driver.write(at, ascii(text));
    queue.transact(List.of(new Buffer(at, text.length(), false)));
  }

  @Test
  void oneConsoleForADriverThatKnowsNoMore() throws InterruptedException {
    driver.negotiate(Features.VERSION_1);
    DriverQueue receive = driver.queue(0, 8);
    final DriverQueue transmit = driver.queue(1, 8);
    driver.ready();
    assertThat(driver.deviceConfig(0, 2)).isEqualTo(80);
    device.type(0, ascii("hello"), 0, 5);
    assertThat(input(receive, 3)).isEqualTo("hel");
    assertThat(input(receive, 3)).isEqualTo("lo");
    output(transmit, "out");
    assertThat(first).hasToString("out");
    driver.deviceConfig(8, 4, '!');
    assertThat(first).hasToString("out!");
  }

  @Test
  void portsAreAnnouncedAndNamed() throws InterruptedException {
    driver.negotiate(Features.VERSION_1 | MULTIPORT);
    final DriverQueue agentIn = driver.queue(4, 8);
    final DriverQueue agentOut = driver.queue(5, 8);
    DriverQueue in = driver.queue(2, 32);
    DriverQueue out = driver.queue(3, 8);
    driver.ready();
    assertThat(driver.deviceConfig(4, 4)).isEqualTo(2);
    control(out, 0, 0, 1);
    assertThat(List.of(message(in), message(in))).containsExactly("0 1 1 ", "1 1 1 ");
    control(out, 0, 3, 1);
    assertThat(List.of(message(in), message(in))).containsExactly("0 4 1 ", "0 6 1 ");
    control(out, 1, 3, 1);
    assertThat(List.of(message(in), message(in)))
        .containsExactly("1 7 1 org.example.agent\0", "1 6 1 ");
    control(out, 77, 3, 1);
    device.resize(100, 40);
    assertThat(message(in)).isEqualTo("0 5 0 (\0d\0");
    // What comes before a program has the port open waits, unless who said it goes.
    device.type(1, ascii("lost"), 0, 4);
    device.connect(1, false);
    assertThat(message(in)).isEqualTo("1 6 0 ");
    device.connect(1, true);
    assertThat(message(in)).isEqualTo("1 6 1 ");
    device.type(1, ascii("ping"), 0, 4);
    control(out, 1, 6, 1);
    assertThat(input(agentIn, 16)).isEqualTo("ping");
    output(agentOut, "pong");
    assertThat(second).hasToString("pong");
  }

  @Test
  void whatAProgramHasOpenIsKeptWithTheState() {
    driver.negotiate(Features.VERSION_1 | MULTIPORT);
    driver.queue(2, 32);
    DriverQueue out = driver.queue(3, 8);
    driver.ready();
    control(out, 1, 6, 1);
    assertThat(opened).containsExactly("1 true");
    machine.pci.pause();
    StateWriter state = new StateWriter();
    machine.pci.save(state);
    List<String> again = new ArrayList<>();
    VirtioConsole loaded = console(again);
    try (TestMachine other = new TestMachine(loaded, false)) {
      byte[] ram = new byte[(int) TestMachine.RAM];
      machine.memory.read(0, ram, 0, ram.length);
      other.memory.write(0, ram, 0, ram.length);
      other.pci.load(new StateReader(state.toByteArray()));
      assertThat(again).containsExactly("0 false", "1 true");
    }
    machine.pci.resume();
    machine.pci.reset();
    assertThat(opened).containsExactly("1 true", "1 false");
  }

  private static ConsolePort port(String name, ByteArrayOutputStream out) {
    return new ConsolePort(name, name.isEmpty(), out::write);
  }

  @Test
  void portsComeAndGo() throws InterruptedException {
    ByteArrayOutputStream late = new ByteArrayOutputStream();
    VirtioConsole plugged = new VirtioConsole("console", Map.of(1, port("first", first)), 4);
    try (TestMachine other = new TestMachine(plugged)) {
      TestDriver guest = new TestDriver(other);
      guest.negotiate(Features.VERSION_1 | MULTIPORT);
      assertThat(guest.deviceConfig(4, 4)).isEqualTo(4);
      final DriverQueue lateIn = guest.queue(8, 8);
      final DriverQueue lateOut = guest.queue(9, 8);
      DriverQueue in = guest.queue(2, 32);
      DriverQueue out = guest.queue(3, 8);
      guest.ready();
      control(guest, out, 0, 0, 1);
      assertThat(message(guest, in)).isEqualTo("1 1 1 ");
      ConsolePort port = port("late", late);
      plugged.add(3, port);
      assertThat(message(guest, in)).isEqualTo("3 1 1 ");
      control(guest, out, 3, 3, 1);
      assertThat(List.of(message(guest, in), message(guest, in)))
          .containsExactly("3 7 1 late\0", "3 6 1 ");
      plugged.type(plugged.number(port), ascii("ping"), 0, 4);
      control(guest, out, 3, 6, 1);
      assertThat(input(guest, lateIn, 16)).isEqualTo("ping");
      output(guest, lateOut, "pong");
      assertThat(late).hasToString("pong");
      assertThat(plugged.free(0)).isZero();
      assertThat(plugged.free(1)).isEqualTo(2);
      for (Map.Entry<Integer, String> wrong :
          Map.of(3, "other", 4, "other", -1, "other", 2, "late").entrySet()) {
        assertThatThrownBy(() -> plugged.add(wrong.getKey(), port(wrong.getValue(), late)))
            .isInstanceOf(IllegalArgumentException.class);
      }
      plugged.remove(3);
      assertThat(message(guest, in)).isEqualTo("3 2 1 ");
      assertThat(plugged.number(port)).isEqualTo(-1);
      // What is written into a port that is gone is taken, and heard by nobody.
      output(guest, lateOut, "lost");
      plugged.type(3, ascii("ping"), 0, 4);
      control(guest, out, 3, 3, 1);
      control(guest, out, 3, 6, 1);
      assertThat(late).hasToString("pong");
      plugged.remove(3);
      plugged.add(3, port("late", late));
      assertThat(message(guest, in)).isEqualTo("3 1 1 ");
      assertThat(plugged.failure()).isEmpty();
    }
    assertThatThrownBy(() -> device.add(1, port("late", late)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** A port has the number that the guest knows it by. */
  @Test
  void portsAreThereAfterARestore() throws InterruptedException {
    StateWriter state = new StateWriter();
    byte[] ram = new byte[(int) TestMachine.RAM];
    VirtioConsole before =
        new VirtioConsole(
            "console",
            Map.of(0, port("", first), 2, port("stays", first), 3, port("goes", first)),
            5);
    try (TestMachine saved = new TestMachine(before)) {
      TestDriver guest = new TestDriver(saved);
      guest.negotiate(Features.VERSION_1 | MULTIPORT);
      guest.queue(2, 32);
      DriverQueue out = guest.queue(3, 8);
      guest.ready();
      control(guest, out, 2, 6, 1);
      before.type(2, ascii("kept"), 0, 4);
      saved.pci.pause();
      saved.pci.save(state);
      saved.memory.read(0, ram, 0, ram.length);
    }
    ConsolePort stays =
        new ConsolePort("stays", false, second::write, open -> opened.add("stays " + open));
    ConsolePort comes = port("comes", second);
    VirtioConsole after =
        new VirtioConsole("console", Map.of(0, port("", first), 1, stays, 2, comes), 5);
    try (TestMachine loaded = new TestMachine(after, false)) {
      loaded.memory.write(0, ram, 0, ram.length);
      loaded.pci.load(new StateReader(state.toByteArray()));
      assertThat(after.number(stays)).isEqualTo(2);
      assertThat(after.number(comes)).isEqualTo(1);
      assertThat(opened).containsExactly("stays true");
      assertThat(after.free(0)).isEqualTo(3);
    }
  }

  private void control(DriverQueue queue, int port, int event, int value) {
    control(driver, queue, port, event, value);
  }

  private static void control(
      TestDriver driver, DriverQueue queue, int port, int event, int value) {
    long at = driver.allocate(8);
    driver.write(
        at,
        (byte) port,
        (byte) 0,
        (byte) 0,
        (byte) 0,
        (byte) event,
        (byte) 0,
        (byte) value,
        (byte) 0);
    queue.transact(List.of(new Buffer(at, 8, false)));
  }

  private String message(DriverQueue queue) {
    return message(driver, queue);
  }

  private static String message(TestDriver driver, DriverQueue queue) {
    byte[] bytes = input(driver, queue, 64).getBytes(StandardCharsets.US_ASCII);
    List<String> parts = new ArrayList<>();
    parts.add(Integer.toString(bytes[0]));
    parts.add(Integer.toString(bytes[4]));
    parts.add(Integer.toString(bytes[6]));
    parts.add(new String(bytes, 8, bytes.length - 8, StandardCharsets.US_ASCII));
    return String.join(" ", parts);
  }
}
