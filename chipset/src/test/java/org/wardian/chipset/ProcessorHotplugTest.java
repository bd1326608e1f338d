package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.wardian.bus.IoHandler;
import org.wardian.bus.ManualTimers;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/** The registers of docs/specs/acpi_cpu_hotplug.txt, as the tables' code uses them. */
class ProcessorHotplugTest {
  private static final int SELECTOR = 0;
  private static final int FLAGS = 4;
  private static final int COMMAND = 5;
  private static final int DATA = 8;

  private final List<Integer> ejected = new ArrayList<>();
  private final AcpiPowerManagement power =
      new AcpiPowerManagement(new ManualTimers(), level -> {}, new RecordedPower());
  private final ProcessorHotplug controller = new ProcessorHotplug(0b0011, 4, power, ejected::add);
  private final IoHandler ports = controller.ports();

  private long flags(int processor) {
    ports.write(SELECTOR, 4, processor);
    return ports.read(FLAGS, 1);
  }

  private boolean raised() {
    return (power.generalPurposeEvents().read(0, 2) & 1 << ProcessorHotplug.EVENT) != 0;
  }

  @Test
  void tellsWhatIsThere() {
    assertThat(List.of(flags(0), flags(1), flags(2), flags(3))).containsExactly(1L, 1L, 0L, 0L);
    assertThat(flags(4)).as("no such processor").isZero();
    ports.write(COMMAND, 1, 3);
    ports.write(SELECTOR, 4, 2);
    assertThat(ports.read(DATA, 4)).as("its APIC ID").isEqualTo(2);
    assertThat(raised()).isFalse();
  }

  @Test
  void aProcessorComes() {
    controller.plugged(3);
    assertThat(raised()).isTrue();
    ports.write(SELECTOR, 4, 0);
    ports.write(COMMAND, 1, 0);
    assertThat(ports.read(DATA, 4)).isEqualTo(3);
    assertThat(ports.read(FLAGS, 1)).isEqualTo(3);
    ports.write(FLAGS, 1, 2);
    assertThat(ports.read(FLAGS, 1)).isEqualTo(1);
    ports.write(COMMAND, 1, 0);
    assertThat(ports.read(FLAGS, 1)).as("no event is left").isEqualTo(1);
  }

  @Test
  void aProcessorGoesWhenTheGuestLetsIt() {
    controller.unplug(1);
    ports.write(COMMAND, 1, 0);
    assertThat(ports.read(DATA, 4)).isEqualTo(1);
    assertThat(ports.read(FLAGS, 1)).isEqualTo(5);
    ports.write(FLAGS, 1, 4);
    assertThat(ejected).isEmpty();
    ports.write(FLAGS, 1, 8);
    assertThat(ejected).containsExactly(1);
    controller.unplugged(1);
    assertThat(flags(1)).isZero();
    ports.write(SELECTOR, 4, 0);
    ports.write(FLAGS, 1, 8);
    assertThat(ejected).as("the first stays").containsExactly(1);
  }

  @Test
  void whatWasToGoHasGoneAfterAReset() {
    controller.unplug(1);
    controller.plugged(2);
    controller.reset();
    assertThat(ejected).containsExactly(1);
    assertThat(flags(2)).isEqualTo(1);
  }

  @Test
  void isKeptAndLoaded() {
    controller.plugged(3);
    controller.unplug(1);
    ports.write(SELECTOR, 4, 2);
    StateWriter out = new StateWriter();
    controller.save(out);
    ProcessorHotplug other = new ProcessorHotplug(1, 4, power, ejected::add);
    other.load(new StateReader(out.toByteArray()));
    StateWriter again = new StateWriter();
    other.save(again);
    assertThat(again.toByteArray()).isEqualTo(out.toByteArray());
  }
}
