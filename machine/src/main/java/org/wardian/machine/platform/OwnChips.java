package org.wardian.machine.platform;

import java.util.List;
import org.wardian.bus.Device;
import org.wardian.bus.InterruptLine;
import org.wardian.bus.IoBus;
import org.wardian.bus.Timers;
import org.wardian.chipset.ApicMessages;
import org.wardian.chipset.IoApic;
import org.wardian.chipset.Pic8259;
import org.wardian.chipset.Pit8254;

/** Our own I/O APIC, PICs and PIT, wired as on a PC, in front of whatever local APICs there are. */
final class OwnChips {
  final IoApic ioApic;
  final Pic8259 pic;
  private final Pit8254 pit;

  /**
   * @param messages the local APICs
   * @param externalInterrupt the PICs' output
   */
  OwnChips(
      IoBus ports,
      IoBus mmio,
      Timers timers,
      ApicMessages messages,
      InterruptLine externalInterrupt) {
    ioApic = new IoApic(Wiring.IO_APIC_ID, messages);
    pic = new Pic8259(externalInterrupt);
    pit = new Pit8254(timers, line(0));
    mmio.map(IoApic.BASE, IoApic.WINDOW, ioApic);
    ports.map(Pic8259.MASTER_PORT, 2, pic.masterPorts());
    ports.map(Pic8259.SLAVE_PORT, 2, pic.slavePorts());
    ports.map(Pic8259.ELCR_PORT, 2, pic.edgeLevelPorts());
    ports.map(Pit8254.PORT, 4, pit);
    ports.map(Pit8254.PORT_B, 1, pit.portB());
  }

  /** The chips in the order in which they are saved. */
  List<Device> devices() {
    return List.of(ioApic, pic, pit);
  }

  InterruptLine line(int gsi) {
    if (gsi >= Pic8259.LINES) {
      return ioApic.line(gsi);
    }
    if (gsi == Wiring.CASCADE) {
      // Line 2 joins the two PICs; the pin of that number belongs to line 0.
      return InterruptLine.UNCONNECTED;
    }
    InterruptLine toPic = pic.line(gsi);
    InterruptLine toIoApic = ioApic.line(gsi == 0 ? Wiring.CASCADE : gsi);
    return level -> {
      toPic.set(level);
      toIoApic.set(level);
    };
  }

  void levelTriggered(int line) {
    long port = line >> 3;
    int before = (int) pic.edgeLevelPorts().read(port, 1);
    pic.edgeLevelPorts().write(port, 1, before | 1 << (line & 7));
  }
}
