package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.wardian.bus.InterruptLine;

/** Interrupts by wire: edges and levels through the I/O APIC, and lines through the PICs. */
@OnEachAccelerator.Suite
class PinsTest {
  private static final int LEVEL = 1 << 15;
  private static final int REMOTE_IRR = 1 << 14;

  private static Guest guest(Accelerator accelerator, String entry) {
    Guest guest = Guest.on(accelerator, "interrupts");
    guest.enter(GuestMode.LONG, entry);
    return guest;
  }

  private static Guest pin(Accelerator accelerator, String entry, int pin, int low) {
    Guest guest = guest(accelerator, entry);
    guest.set("pin", pin);
    guest.set("entry_low", low);
    return guest;
  }

  @OnEachAccelerator
  void anEdgeOfAPin(Accelerator accelerator) {
    try (Guest guest = pin(accelerator, "pin_accept", 5, 0x65)) {
      guest.onSignal(number -> {
        if (number == 1) {
          guest.platform.line(5).set(true);
        }
      });
      guest.runToDone();
      assertThat(guest.vectors()).as("once, though the line stays up").containsExactly(0x65);
      assertThat(guest.result32(0)).isEqualTo(0x65);
    }
  }

  @OnEachAccelerator
  void aPinThatNoPicSees(Accelerator accelerator) {
    try (Guest guest = pin(accelerator, "pin_accept", 20, 0x66)) {
      guest.onSignal(number -> guest.platform.ioApicLine(20).pulse());
      guest.set("wanted", 1);
      guest.runToDone();
      assertThat(guest.vectors().get(0)).isEqualTo(0x66);
    }
  }

  @OnEachAccelerator
  void lineZeroIsPinTwo(Accelerator accelerator) {
    try (Guest guest = pin(accelerator, "pin_accept", 2, 0x62)) {
      guest.onSignal(number -> {
        if (number == 1) {
          guest.platform.line(0).pulse();
        }
      });
      guest.runToDone();
      assertThat(guest.vectors()).containsExactly(0x62);
    }
  }

  @OnEachAccelerator
  void aLevelComesAgainUntilTheDeviceIsServed(Accelerator accelerator) {
    try (Guest guest = pin(accelerator, "pin_accept", 9, LEVEL | 0x69)) {
      InterruptLine line = guest.platform.line(9);
      guest.set("wanted", 3);
      guest.onSignal(number -> {
        if (number == 1) {
          line.set(true);
        }
      });
      guest.onService(vector -> {
        // Served the third time: its end then finds the line low.
        if (guest.eventCount() == 3) {
          line.set(false);
        }
      });
      guest.runToDone();
      assertThat(guest.vectors()).containsExactly(0x69, 0x69, 0x69);
      assertThat(guest.result32(0) & REMOTE_IRR).as("nothing in service").isZero();
    }
  }

  @OnEachAccelerator
  void aLevelBehindAMaskedPinComesWhenItIsUnmasked(Accelerator accelerator) {
    try (Guest guest = pin(accelerator, "pin_unmask", 11, LEVEL | 0x6b)) {
      InterruptLine line = guest.platform.line(11);
      List<Integer> before = new ArrayList<>();
      guest.onSignal(number -> {
        if (number == 1) {
          line.set(true);
        } else {
          before.add(guest.eventCount());
        }
      });
      guest.onService(vector -> line.set(false));
      guest.runToDone();
      assertThat(before).as("taken while masked").containsExactly(0);
      assertThat(guest.vectors()).containsExactly(0x6b);
    }
  }

  // ---- PICs

  private static void throughPic(
      Accelerator accelerator, String entry, int line, int vector, List<Integer> before) {
    try (Guest guest = guest(accelerator, entry)) {
      guest.set("pic_masks", 0xffff & ~(1 << line) & ~(line >= 8 ? 4 : 0));
      List<Integer> early = new ArrayList<>();
      guest.onSignal(number -> {
        if (number == 1) {
          guest.platform.line(line).set(true);
        } else {
          early.add(guest.eventCount());
        }
      });
      guest.onService(v -> guest.platform.line(line).set(false));
      guest.runToDone();
      assertThat(guest.vectors()).containsExactly(vector);
      assertThat(early).isEqualTo(before);
    }
  }

  @OnEachAccelerator
  void aLineOfTheMasterPic(Accelerator accelerator) {
    throughPic(accelerator, "pic_accept", 3, 0x23, List.of(1));
  }

  @OnEachAccelerator
  void aLineOfTheSlavePic(Accelerator accelerator) {
    throughPic(accelerator, "pic_accept", 12, 0x2c, List.of(1));
  }

  @OnEachAccelerator
  void aLineOfThePicWaitsForTheFlag(Accelerator accelerator) {
    throughPic(accelerator, "pic_hold", 4, 0x24, List.of(0));
  }

  @OnEachAccelerator
  void aLineOfThePicWaitsForTheLocalPin(Accelerator accelerator) {
    throughPic(accelerator, "pic_masked", 5, 0x25, List.of(0));
  }

  @OnEachAccelerator
  void aLineOfThePicInRealMode(Accelerator accelerator) {
    try (Guest guest = Guest.on(accelerator, "interrupts")) {
      guest.enter(GuestMode.REAL, "real_pic");
      guest.set("pic_masks", 0xfff7);
      guest.onSignal(number -> guest.platform.line(3).pulse());
      guest.runToDone();
      assertThat(guest.vectors()).containsExactly(0x23);
    }
  }
}
