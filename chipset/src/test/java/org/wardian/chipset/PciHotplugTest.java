package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.wardian.bus.IoBus;
import org.wardian.bus.ManualTimers;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

class PciHotplugTest {
  private static final int EVENT_ENABLE = 0x622;
  private static final int UP = 0xae00;
  private static final int DOWN = 0xae04;
  private static final int EJECT = 0xae08;
  private static final int REMOVABLE = 0xae0c;

  private final RecordedLine sci = new RecordedLine();
  private final AcpiPowerManagement power =
      new AcpiPowerManagement(new ManualTimers(), sci, new RecordedPower());
  private final List<Integer> ejected = new ArrayList<>();
  private final PciHotplug controller = new PciHotplug(0x3ffffff8, power, ejected::add);
  private final IoBus ports = IoBus.ports();

  PciHotplugTest() {
    ports.map(0x620, 4, power.generalPurposeEvents());
    ports.map(PciHotplug.PORT, PciHotplug.PORTS, controller.ports());
    ports.write(EVENT_ENABLE, 2, 1 << PciHotplug.EVENT);
  }

  @Test
  void aDeviceThatCameIsToldOnce() {
    controller.plugged(5);
    controller.plugged(29);
    assertThat(sci.level).isTrue();
    assertThat(ports.read(UP, 4)).isEqualTo(1L << 5 | 1L << 29);
    assertThat(ports.read(UP, 4)).isZero();
    assertThat(ports.read(REMOVABLE, 4)).isEqualTo(0x3ffffff8L);
  }

  @Test
  void aDeviceGoesWhenTheGuestLetsItGo() {
    controller.unplug(7);
    assertThat(sci.level).isTrue();
    assertThat(ports.read(DOWN, 4)).isEqualTo(1L << 7);
    assertThat(ports.read(DOWN, 4)).as("until it has gone").isEqualTo(1L << 7);
    assertThat(ejected).isEmpty();
    ports.write(EJECT, 4, 1L << 7);
    assertThat(ejected).containsExactly(7);
    assertThat(ports.read(DOWN, 4)).isZero();
  }

  @Test
  void slotsOfTheBoardStay() {
    ports.write(EJECT, 4, 0xffffffffL);
    assertThat(ejected).hasSize(27).doesNotContain(0, 1, 2, 30, 31);
  }

  @Test
  void aResetCompletesWhatWasAskedFor() {
    controller.plugged(4);
    controller.unplug(9);
    controller.reset();
    assertThat(ejected).containsExactly(9);
    assertThat(ports.read(UP, 4)).isZero();
    assertThat(ports.read(DOWN, 4)).isZero();
  }

  @Test
  void whatIsPendingIsSaved() {
    controller.plugged(4);
    controller.unplug(9);
    StateWriter out = new StateWriter();
    controller.save(out);
    controller.reset();
    controller.load(new StateReader(out.toByteArray()));
    assertThat(ports.read(UP, 4)).isEqualTo(1L << 4);
    assertThat(ports.read(DOWN, 4)).isEqualTo(1L << 9);
  }
}
