package org.wardian.host.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.wardian.host.EventFd;

/** Lines, messages and event files, from the monitor into the guest and back. */
class InterruptTest {
  /** OUT of AL to port 80h. */
  private static final String OUT = "e6 80";

  /** STI; HLT; JMP back to HLT: a guest that waits for interrupts. */
  private static final String WAITER = "fb f4 eb fd";

  private static final int VECTOR = 0x41;
  private static final int LINE = 30;

  /** Physical destination 0, fixed, edge. */
  private static final long TO_CPU_0 = 0xfee0_0000L;

  /** A waiting guest whose handler of {@link #VECTOR} writes the vector to port 80h. */
  private static TinyGuest waiter() {
    TinyGuest guest = TinyGuest.withChips(WAITER);
    handler(guest, VECTOR);
    guest.enableLocalApic();
    return guest;
  }

  private static void handler(TinyGuest guest, int vector) {
    int at = 0x2000 + vector * 16;
    guest.code(at, "b0" + String.format("%02x", vector) + OUT + "cf");
    guest.vector(vector, at);
  }

  @Test
  void aMessageInterruptsTheGuest() {
    try (TinyGuest guest = waiter()) {
      assertThat(guest.vm.signalMessage(TO_CPU_0, VECTOR)).isPositive();
      assertThat(guest.out()).isEqualTo(0x80 << 8 | VECTOR);
    }
  }

  @Test
  void aMessageToNobodySaysSo() {
    try (TinyGuest guest = waiter()) {
      assertThat(guest.vm.signalMessage(TO_CPU_0 | 5 << 12, VECTOR)).isNotPositive();
    }
  }

  @Test
  void aMessageForAnNmiNeedsNoOpenInterrupts() {
    // cli; hlt; jmp back
    try (TinyGuest guest = TinyGuest.withChips("fa f4 eb fd")) {
      handler(guest, 2);
      guest.enableLocalApic();
      assertThat(guest.vm.signalMessage(TO_CPU_0, 4 << 8)).isPositive();
      assertThat(guest.out()).isEqualTo(0x80 << 8 | 2);
    }
  }

  @Test
  void aLineReachesTheGuestByThe8259() {
    try (TinyGuest guest = waiter()) {
      openPic(guest, 0);
      handler(guest, 0x24);
      guest.vm.interruptLine(4, true);
      guest.vm.interruptLine(4, false);
      assertThat(guest.out()).isEqualTo(0x80 << 8 | 0x24);
    }
  }

  /** Initializes the first 8259A: vectors from 20h on, line 4 open, automatic end of interrupt. */
  private static void openPic(TinyGuest guest, int edgeLevel) {
    MemorySegment pic = guest.structure(InterruptChipState.SIZE);
    guest.vm.getInterruptChip(InterruptChipState.PIC_MASTER, pic);
    pic.set(JAVA_BYTE, InterruptChipState.PIC_BASE, (byte) 0x20);
    pic.set(JAVA_BYTE, InterruptChipState.PIC_MASK, (byte) ~(1 << 4));
    pic.set(JAVA_BYTE, InterruptChipState.PIC_AUTO_EOI, (byte) 1);
    pic.set(JAVA_BYTE, InterruptChipState.PIC_EDGE_LEVEL, (byte) edgeLevel);
    guest.vm.setInterruptChip(pic);
    MemorySegment apic = guest.get(CpuStructure.LOCAL_APIC);
    // LINT0 is ExtINT: the 8259A asks through the local APIC.
    apic.set(JAVA_INT, LocalApicState.LVT_LINT0, 7 << 8);
    guest.cpu.set(CpuStructure.LOCAL_APIC, apic);
  }

  @Test
  void aRouteTurnsALineIntoAMessage() {
    try (TinyGuest guest = waiter()) {
      guest.vm.routing(
          List.of(
              new InterruptRoute.Pin(4, InterruptChipState.PIC_MASTER, 4),
              new InterruptRoute.Pin(4, InterruptChipState.IOAPIC, 4),
              new InterruptRoute.Message(LINE, TO_CPU_0, VECTOR)));
      guest.vm.interruptLine(LINE, true);
      assertThat(guest.out()).isEqualTo(0x80 << 8 | VECTOR);
    }
  }

  @Test
  void aRouteToAPinThatDoesNotExistIsRefused() {
    try (TinyGuest guest = waiter()) {
      List<InterruptRoute> routes =
          List.of(new InterruptRoute.Pin(4, InterruptChipState.IOAPIC, 99));
      assertThatThrownBy(() -> guest.vm.routing(routes))
          .hasMessageContaining("KVM_SET_GSI_ROUTING (1 routes)");
    }
  }

  @Test
  void aSignalledEventFileInterruptsTheGuest() {
    try (TinyGuest guest = waiter();
        EventFd event = new EventFd()) {
      guest.vm.routing(List.of(new InterruptRoute.Message(LINE, TO_CPU_0, VECTOR)));
      guest.vm.interruptEvent(event, LINE, true);
      event.signal();
      assertThat(guest.out()).isEqualTo(0x80 << 8 | VECTOR);
      guest.vm.interruptEvent(event, LINE, false);
      event.signal();
      assertThat(event.poll()).as("left to us").isEqualTo(1);
    }
  }

  @Test
  void aLevelEventFileIsAnsweredAtTheEndOfTheInterrupt() {
    try (TinyGuest guest = waiter();
        EventFd event = new EventFd();
        EventFd ended = new EventFd()) {
      assumeTrue(
          guest.vm.capability(KvmCapability.IRQFD_RESAMPLE) != 0, "no level triggered event files");
      openPic(guest, 1 << 4);
      handler(guest, 0x24);
      guest.vm.interruptEvent(event, ended, 4, true);
      assertThat(ended.poll()).isZero();
      event.signal();
      assertThat(guest.out()).isEqualTo(0x80 << 8 | 0x24);
      assertThat(ended.await(120_000)).isTrue();
      guest.vm.interruptEvent(event, ended, 4, false);
    }
  }

  @Test
  void aGuestsWriteSignalsAnEventFileAndDoesNotExit() {
    // mov al,5; out 70h,al; mov al,6; out 70h,al; mov ax,2000h; mov ds,ax; mov [20h],ax; out 80h,al
    String code = "b0 05 e6 70 b0 06 e6 70 b8 00 20 8e d8 a3 20 00" + OUT + "f4";
    try (TinyGuest guest = TinyGuest.bare(code);
        EventFd port = new EventFd();
        EventFd memory = new EventFd()) {
      IoEvent five = new IoEvent(true, 0x70, 1, OptionalLong.of(5));
      IoEvent any = new IoEvent(false, TinyGuest.DEVICE + 0x20, 0, OptionalLong.empty());
      guest.vm.ioEvent(port, five, true);
      guest.vm.ioEvent(memory, any, true);
      assertThat(guest.out()).as("the value 6 is not the event's").isEqualTo(0x70 << 8 | 6);
      assertThat(port.poll()).isEqualTo(1);
      assertThat(guest.out()).isEqualTo(0x80 << 8);
      assertThat(memory.poll()).isEqualTo(1);
      guest.vm.ioEvent(port, five, false);
      guest.start(TinyGuest.CODE);
      assertThat(guest.out()).isEqualTo(0x70 << 8 | 5);
    }
  }

  @Test
  void anEventOfAnImpossibleLengthIsRefused() {
    assertThatThrownBy(() -> new IoEvent(true, 0x70, 3, OptionalLong.empty()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new IoEvent(true, 0x70, 0, OptionalLong.of(1)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
