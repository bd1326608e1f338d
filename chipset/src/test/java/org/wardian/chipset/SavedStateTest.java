package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.wardian.bus.Device;
import org.wardian.bus.StateException;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/** A board's state moves to another board, which goes on in the same way. */
class SavedStateTest {
  private static final int ITERATIONS = Integer.getInteger("wardian.fuzz.iterations", 20_000);

  private static byte[] save(TestBoard board) {
    StateWriter out = new StateWriter();
    board.devices().forEach(device -> device.save(out));
    return out.toByteArray();
  }

  private static void load(TestBoard board, byte[] state) {
    StateReader in = new StateReader(state);
    board.devices().forEach(device -> device.load(in));
    in.finish();
  }

  /** A board in the middle of everything. */
  private static TestBoard busy() {
    TestBoard board = new TestBoard();
    board.timers.advance(5_000_000);
    board.initializePics();
    board.processors.get(0).enabled().write(ApicRegister.LVT_TIMER, 0x200ec);
    board.processors.get(0).write(ApicRegister.INITIAL_COUNT, 1_000_000);
    board.processors.get(1).enabled().x2apic().write(ApicRegister.LVT_TIMER, 0x400ec);
    board.processors.get(1).apic.writeMsr(0x6e0, 60_000_000);
    board.memory.write(IoApic.BASE, 4, 0x10 + 2 * 20);
    board.memory.write(IoApic.BASE + 0x10, 4, 0x8051);
    board.probe.writeConfig(0x10, 4, 0xc000);
    board.probe.writeConfig(4, 2, 7);
    board.probe.assertInterrupt(true);
    board.out(0x43, 0x34);
    board.out(0x40, 0);
    board.out(0x40, 0x40);
    board.out(0x70, 0x0b);
    board.out(0x71, 0x52);
    board.out(0x3fa, 0x87);
    board.out(0x3fc, 0x0b);
    board.out(0x3f9, 0x07);
    board.serial.offer(new byte[100], 0, 100);
    board.out(0x64, 0xaa);
    board.ports.write(0x602, 2, 0x101);
    board.acpi.pressPowerButton();
    board.ports.write(0xe0, 4, 0x12345678);
    board.ports.write(0x510, 2, 3);
    board.in(0x511);
    board.timers.advance(3_333_333);
    return board;
  }

  /** What the guest sees over the next while: every vector, at the time of its delivery. */
  private static String future(TestBoard board) {
    StringBuilder seen = new StringBuilder();
    for (int step = 0; step < 400; step++) {
      board.timers.advance(100_000);
      for (TestProcessor processor : board.processors) {
        int vector = processor.apic.acknowledge();
        if (vector >= 0) {
          seen.append(step).append(':').append(processor.apic.id()).append(':').append(vector);
          seen.append(' ');
          processor.endOfInterrupt();
          board.out(0xa0, 0x20);
          board.out(0x20, 0x20);
        }
      }
      board.in(0x3f8);
      seen.append(board.ports.read(0x40, 1)).append(' ');
      seen.append(board.ports.read(0xc000, 1)).append(' ');
    }
    return seen.toString();
  }

  @Test
  void stateSurvivesUnchanged() {
    byte[] state = save(busy());
    TestBoard other = new TestBoard();
    other.timers.advance(8_333_333);
    load(other, state);
    assertThat(save(other)).isEqualTo(state);
  }

  @Test
  void theFutureIsTheSame() {
    TestBoard board = busy();
    TestBoard other = new TestBoard();
    other.timers.advance(8_333_333);
    load(other, save(board));
    String expected = future(board);
    assertThat(expected).contains(":0:236", ":1:236", ":0:81");
    assertThat(future(other)).isEqualTo(expected);
  }

  @Test
  void resetGivesTheStateOfANewBoard() {
    TestBoard board = busy();
    board.devices().forEach(Device::reset);
    byte[] once = save(board);
    board.devices().forEach(Device::reset);
    assertThat(save(board)).isEqualTo(once);
    for (TestProcessor processor : board.processors) {
      assertThat(processor.pending).isFalse();
    }
    assertThat(board.in(0xc000)).isEqualTo(0xff);
    // What lives on: the clock's battery, the console's input, the levels of wires.
    List<Device> same =
        List.of(board.processors.get(0).apic, board.pit, board.i8042, board.acpi, board.fwCfg);
    TestBoard fresh = new TestBoard();
    fresh.timers.advance(8_333_333);
    List<Device> made =
        List.of(fresh.processors.get(0).apic, fresh.pit, fresh.i8042, fresh.acpi, fresh.fwCfg);
    for (int i = 0; i < same.size(); i++) {
      assertThat(record(same.get(i))).as(same.get(i).name()).isEqualTo(record(made.get(i)));
    }
  }

  private static byte[] record(Device device) {
    StateWriter out = new StateWriter();
    device.save(out);
    return out.toByteArray();
  }

  @Test
  void eachDeviceRefusesAnothersRecord() {
    TestBoard board = new TestBoard();
    List<Device> devices = board.devices();
    for (int i = 0; i < devices.size(); i++) {
      byte[] foreign = record(devices.get((i + 1) % devices.size()));
      Device device = devices.get(i);
      assertThatThrownBy(() -> device.load(new StateReader(foreign)))
          .isInstanceOf(StateException.class);
    }
  }

  @Test
  void hostileStateIsRefusedOrLeavesAWorkingBoard() {
    SplittableRandom random = new SplittableRandom(7);
    TestBoard board = busy();
    List<byte[]> records = board.devices().stream().map(SavedStateTest::record).toList();
    int refused = 0;
    for (int i = 0; i < ITERATIONS; i++) {
      int index = random.nextInt(records.size());
      byte[] state = records.get(index).clone();
      for (int n = random.nextInt(1, 6); n > 0; n--) {
        state[random.nextInt(state.length)] = (byte) random.nextInt();
      }
      try {
        board.devices().get(index).load(new StateReader(state));
      } catch (StateException e) {
        refused++;
      }
      if (i % 64 == 0) {
        FuzzTest.access(board, random);
        board.timers.advance(random.nextLong(1_000_000));
      }
    }
    assertThat(refused).isPositive();
  }
}
