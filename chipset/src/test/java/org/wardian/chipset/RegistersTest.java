package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.wardian.bus.Device;
import org.wardian.bus.InterruptLine;
import org.wardian.bus.ManualTimers;
import org.wardian.bus.StateException;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/** Chips take over each other's registers, as values and as saved records. */
class RegistersTest {
  private static final int SEEDS = 500;

  private final ManualTimers timers = new ManualTimers();
  private final ApicBus bus = new ApicBus();

  private static byte[] record(Device device) {
    StateWriter out = new StateWriter();
    device.save(out);
    return out.toByteArray();
  }

  private static void load(Device device, byte[] record) {
    StateReader in = new StateReader(record);
    device.load(in);
    in.finish();
  }

  @Test
  void localApic() {
    timers.advance(123_456_789);
    for (int seed = 0; seed < SEEDS; seed++) {
      LocalApicRegisters registers = new RandomRegisters(seed).localApic(1);
      LocalApic first = new TestProcessor(1, new ApicBus(), timers).apic;
      LocalApic second = new TestProcessor(1, new ApicBus(), timers).apic;
      first.registers(registers);
      assertThat(first.registers()).as("seed %d", seed).isEqualTo(registers);
      load(second, record(first));
      assertThat(second.registers()).as("seed %d", seed).isEqualTo(registers);
      assertThat(record(second)).as("seed %d", seed).isEqualTo(record(first));
    }
  }

  @Test
  void ioApic() {
    IoApic first = new IoApic(1, bus);
    IoApic second = new IoApic(2, bus);
    for (int seed = 0; seed < SEEDS; seed++) {
      IoApicRegisters registers = new RandomRegisters(seed).ioApic();
      first.registers(registers);
      assertThat(first.registers()).as("seed %d", seed).isEqualTo(registers);
      load(second, record(first));
      assertThat(second.registers()).as("seed %d", seed).isEqualTo(registers);
      assertThat(record(second)).as("seed %d", seed).isEqualTo(record(first));
    }
  }

  @Test
  void pics() {
    Pic8259 first = new Pic8259(InterruptLine.UNCONNECTED);
    Pic8259 second = new Pic8259(InterruptLine.UNCONNECTED);
    for (int seed = 0; seed < SEEDS; seed++) {
      Pic8259Registers registers = new RandomRegisters(seed).pics();
      first.registers(registers);
      assertThat(first.registers()).as("seed %d", seed).isEqualTo(registers);
      load(second, record(first));
      assertThat(second.registers()).as("seed %d", seed).isEqualTo(registers);
      assertThat(record(second)).as("seed %d", seed).isEqualTo(record(first));
    }
  }

  @Test
  void pit() {
    ManualTimers later = new ManualTimers();
    later.advance(1_000_000_000_000L);
    Pit8254 first = new Pit8254(timers, InterruptLine.UNCONNECTED);
    Pit8254 second = new Pit8254(later, InterruptLine.UNCONNECTED);
    for (int seed = 0; seed < SEEDS; seed++) {
      Pit8254Registers registers = new RandomRegisters(seed).pit();
      first.registers(registers);
      assertThat(first.registers()).as("seed %d", seed).isEqualTo(registers);
      load(second, record(first));
      assertThat(second.registers()).as("seed %d", seed).isEqualTo(registers);
      assertThat(record(second)).as("seed %d", seed).isEqualTo(record(first));
    }
  }

  @Test
  void countAndOutputAreThoseOfTheChip() {
    Pit8254 pit = new Pit8254(timers, InterruptLine.UNCONNECTED);
    for (int mode = 0; mode < 6; mode++) {
      pit.portB().write(0, 1, 1);
      pit.write(3, 1, 0xb0 | mode << 1);
      pit.write(2, 1, 0xe8);
      pit.write(2, 1, 3);
      pit.portB().write(0, 1, 0);
      pit.portB().write(0, 1, 1);
      for (int step = 0; step < 50; step++) {
        timers.advance(37_000);
        Pit8254Registers.Channel channel = pit.registers().channels().get(2);
        assertThat(channel.output())
            .as("mode %d, step %d", mode, step)
            .isEqualTo((pit.portB().read(0, 1) & 0x20) != 0);
        pit.write(3, 1, 0x80);
        assertThat(channel.value())
            .as("mode %d, step %d", mode, step)
            .isEqualTo((int) (pit.read(2, 1) | pit.read(2, 1) << 8));
      }
    }
  }

  @Test
  void theListsHaveOneLength() {
    assertThatThrownBy(() -> new IoApicRegisters(List.of(1L), 0, 0, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Pit8254Registers(List.of(), 0))
        .isInstanceOf(IllegalArgumentException.class);
    List<Integer> seven = Collections.nCopies(7, 0);
    List<Integer> eight = Collections.nCopies(8, 0);
    assertThatThrownBy(() ->
            new LocalApicRegisters(
                0, 0, 0, 0, 0, 0, 0, 0, 0, seven, eight, eight, eight, false, 0, 0, 0, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() ->
            new LocalApicRegisters(
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                seven.subList(0, 6),
                eight,
                seven,
                eight,
                false,
                0,
                0,
                0,
                0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void x2apicModeWithoutEnabledIsNoState() {
    LocalApicRegisters registers = LocalApicRegisters.reset(3, false);
    StateWriter out = new StateWriter();
    new LocalApicRegisters(
            LocalApic.DEFAULT_BASE | LocalApic.BASE_X2APIC,
            3,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            registers.localVectors(),
            registers.inService(),
            registers.triggerMode(),
            registers.requested(),
            false,
            0,
            0,
            0,
            0)
        .save("apic3", out);
    LocalApic apic = new TestProcessor(3, bus, timers).apic;
    assertThatThrownBy(() -> apic.load(new StateReader(out.toByteArray())))
        .isInstanceOf(StateException.class)
        .hasMessageContaining("apic3");
  }

  @Test
  void enteringX2apicModeForgetsWhatIsParticularToXapic() {
    TestProcessor processor = new TestProcessor(3, bus, timers).enabled();
    processor.write(ApicRegister.ID, 7 << 24);
    processor.write(ApicRegister.LDR, 7 << 24);
    processor.write(ApicRegister.DFR, 0);
    processor.x2apic();
    LocalApicRegisters registers = processor.apic.registers();
    assertThat(registers.id()).isEqualTo(3);
    assertThat(registers.logicalDestination()).isZero();
    assertThat(registers.destinationFormat()).isEqualTo(-1);
  }

  /** An I/O APIC whose listener and receiver write down what they are told. */
  private static final class RecordedIoApic implements ApicMessages {
    final List<String> told = new ArrayList<>();
    final IoApic ioApic = new IoApic(8, this);

    RecordedIoApic() {
      ioApic.onRouteChange(pin -> told.add(pin + " " + ioApic.route(pin).orElseThrow()));
    }

    @Override
    public boolean deliver(ApicMessage message) {
      told.add("deliver " + message.vector());
      return true;
    }

    void entry(int pin, long value) {
      ioApic.write(0, 4, 0x11 + 2 * pin);
      ioApic.write(0x10, 4, value >>> 32);
      ioApic.write(0, 4, 0x10 + 2 * pin);
      ioApic.write(0x10, 4, value & 0xffffffffL);
    }
  }

  @Test
  void aRouteIsAnnouncedBeforeItIsUsedAndNotAgain() {
    RecordedIoApic board = new RecordedIoApic();
    board.ioApic.line(9).set(true);
    long entry = 1L << 56 | IoApicRegisters.LEVEL | 0x49;
    board.entry(9, entry);
    ApicMessage message = new ApicMessage(1, false, false, ApicMessage.FIXED, 0x49, true);
    assertThat(board.told).containsExactly("9 " + message, "deliver 73");
    board.told.clear();
    board.entry(9, entry | IoApicRegisters.MASKED);
    assertThat(board.ioApic.route(9)).as("its end is awaited").contains(message);
    board.entry(9, entry);
    assertThat(board.told).isEmpty();
    board.ioApic.line(9).set(false);
    board.ioApic.endOfInterrupt(0x49);
    board.entry(9, entry | IoApicRegisters.MASKED);
    assertThat(board.ioApic.route(9)).isEmpty();
    assertThat(board.told).isEmpty();
    board.entry(9, entry | 0x50);
    assertThat(board.told).hasSize(1);
  }

  @Test
  void routesOfLoadedStateAreAnnounced() {
    RecordedIoApic first = new RecordedIoApic();
    first.entry(4, 0x34);
    RecordedIoApic second = new RecordedIoApic();
    load(second.ioApic, record(first.ioApic));
    assertThat(second.told).isEqualTo(first.told).hasSize(1);
  }

  @Test
  void aMessageSaysTheSameAsAddressAndData() {
    ApicMessage message = new ApicMessage(3, true, false, ApicMessage.LOWEST_PRIORITY, 0x41, true);
    assertThat(message.address()).isEqualTo(0xfee03004L);
    assertThat(message.data()).isEqualTo(0xc141);
    assertThat(new ApicMessage(0x12345678, false, true, ApicMessage.NMI, 0, false).address())
        .isEqualTo(0x12345600_fee78000L);
    TestProcessor processor = new TestProcessor(0, bus, timers).enabled();
    processor.write(ApicRegister.LDR, 1 << 24);
    bus.send(message.address(), message.data());
    assertThat(processor.apic.registers().triggerMode().get(2)).isEqualTo(2);
    assertThat(processor.takeAll()).containsExactly(0x41);
  }
}
