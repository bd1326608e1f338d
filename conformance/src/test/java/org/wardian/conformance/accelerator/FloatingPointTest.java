package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.wardian.memory.RawMemory;
import org.wardian.x86.StateLayout;

/** x87 and vector registers: kept over everything that leaves the guest, the same in the state. */
@OnEachAccelerator.Suite
class FloatingPointTest {
  private static final long BUFFER = GuestLayout.BUFFER;
  private static final int IMAGE = 416;

  /**
   * An image in FXSAVE's format with every register different. Source: Intel SDM vol. 1 §10.5.1.
   */
  private static byte[] image() {
    byte[] image = new byte[512];
    new Random(19).nextBytes(image);
    ByteBuffer at = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    at.putShort(0, (short) 0x0b7f); // rounds up, all masked
    at.putShort(2, (short) 0x1900); // TOP is 3, C0
    at.put(4, (byte) 0xf8); // five registers in use
    at.put(5, (byte) 0);
    at.putShort(6, (short) 0x123);
    at.putLong(8, 0x1234_5678L);
    at.putLong(16, 0x2345_6789L);
    at.putInt(24, 0x3fa0); // rounds down
    at.putInt(28, 0xffff);
    for (int r = 0; r < 8; r++) {
      at.putLong(32 + 16 * r, at.getLong(32 + 16 * r) | 1L << 63);
      at.putShort(40 + 16 * r, (short) (0x3ff0 + r));
      for (int i = 42 + 16 * r; i < 48 + 16 * r; i++) {
        image[i] = 0;
      }
    }
    return image;
  }

  /** What of two images a processor must keep: pointers are kept by some only after exceptions. */
  private static byte[] essential(byte[] image) {
    byte[] essential = Arrays.copyOf(image, IMAGE);
    Arrays.fill(essential, 6, 24, (byte) 0);
    Arrays.fill(essential, 28, 32, (byte) 0);
    return essential;
  }

  private static byte[] found(Guest guest) {
    byte[] found = new byte[512];
    guest.memory.read(BUFFER + 0x200, found, 0, 512);
    return essential(found);
  }

  private static Guest guest(Accelerator accelerator) {
    Guest guest = Guest.on(accelerator, "floats");
    guest.memory.write(BUFFER, image(), 0, 512);
    return guest;
  }

  @OnEachAccelerator
  void registersAreKeptOverExitsInterruptsAndHalts(Accelerator accelerator) {
    try (Guest guest = guest(accelerator)) {
      guest.platform.mmio().map(GuestLayout.WINDOW, 0x1000, new DeviceRegisters(0x1000));
      guest.onSignal(number -> guest.message(0x51));
      guest.enter(GuestMode.LONG, "kept");
      guest.runToDone();
      assertThat(guest.vectors()).containsExactly(0x51, 0x51);
      assertThat(found(guest)).isEqualTo(essential(image()));
    }
  }

  @OnEachAccelerator
  void aUserProgramCalculates(Accelerator accelerator) {
    try (Guest guest = guest(accelerator)) {
      guest.word(BUFFER + 0x400, Double.doubleToRawLongBits(0.1));
      guest.word(BUFFER + 0x408, Double.doubleToRawLongBits(0.2));
      // The kernel's part first: it leaves the local APIC on.
      guest.onSignal(number -> guest.message(0x51));
      guest.platform.mmio().map(GuestLayout.WINDOW, 0x1000, new DeviceRegisters(0x1000));
      guest.enter(GuestMode.LONG, "kept");
      guest.runToDone();
      guest.set("wanted", 3);
      guest.enter(GuestMode.USER, "user");
      guest.runToDone();
      assertThat(found(guest)).isEqualTo(essential(image()));
      // MXCSR rounds down here, the x87 unit to nearest after FNINIT.
      assertThat(Double.longBitsToDouble(guest.result(16))).isEqualTo(0.3);
      assertThat(guest.result(0)).as("significand of pi + 1").isEqualTo(0x8487ed5110b4611aL);
      assertThat(guest.result(8) & 0xffff).as("its exponent").isEqualTo(0x4001);
    }
  }

  @OnEachAccelerator
  void whatTheStateSaysTheGuestFinds(Accelerator accelerator) {
    try (Guest guest = guest(accelerator)) {
      ByteBuffer image = ByteBuffer.wrap(image()).order(ByteOrder.LITTLE_ENDIAN);
      guest.enter(GuestMode.LONG, "given");
      long s = guest.vcpu.state();
      RawMemory.putShort(s + StateLayout.FCW, image.getShort(0));
      RawMemory.putShort(s + StateLayout.FSW, image.getShort(2));
      RawMemory.putByte(s + StateLayout.FTW, image.get(4));
      RawMemory.putInt(s + StateLayout.MXCSR, image.getInt(24));
      int top = 3;
      for (int r = 0; r < 8; r++) {
        long at = s + StateLayout.ST + (long) StateLayout.ST_STRIDE * ((r + top) % 8);
        RawMemory.putLong(at, image.getLong(32 + 16 * r));
        RawMemory.putShort(at + 8, image.getShort(40 + 16 * r));
      }
      for (int r = 0; r < 16; r++) {
        long at = s + StateLayout.VECTOR + (long) StateLayout.VECTOR_STRIDE * r;
        RawMemory.putLong(at, image.getLong(160 + 16 * r));
        RawMemory.putLong(at + 8, image.getLong(168 + 16 * r));
      }
      guest.vcpu.stateChanged();
      guest.runToDone();
      assertThat(found(guest)).isEqualTo(essential(image()));
    }
  }

  @OnEachAccelerator
  void whatTheGuestLoadsTheStateSays(Accelerator accelerator) {
    for (GuestMode mode : new GuestMode[] {GuestMode.LONG, GuestMode.USER}) {
      try (Guest guest = guest(accelerator)) {
        ByteBuffer image = ByteBuffer.wrap(image()).order(ByteOrder.LITTLE_ENDIAN);
        guest.enter(mode, "taken");
        guest.runToDone();
        long s = guest.vcpu.state();
        assertThat(RawMemory.getShort(s + StateLayout.FCW)).isEqualTo(image.getShort(0));
        assertThat(RawMemory.getShort(s + StateLayout.FSW)).isEqualTo(image.getShort(2));
        assertThat(RawMemory.getByte(s + StateLayout.FTW)).isEqualTo(image.get(4));
        assertThat(RawMemory.getInt(s + StateLayout.MXCSR)).isEqualTo(image.getInt(24));
        for (int r = 0; r < 8; r++) {
          long at = s + StateLayout.ST + (long) StateLayout.ST_STRIDE * ((r + 3) % 8);
          assertThat(RawMemory.getLong(at)).as("ST(%d)", r).isEqualTo(image.getLong(32 + 16 * r));
          assertThat(RawMemory.getShort(at + 8)).isEqualTo(image.getShort(40 + 16 * r));
        }
        for (int r = 0; r < 16; r++) {
          long at = s + StateLayout.VECTOR + (long) StateLayout.VECTOR_STRIDE * r;
          assertThat(RawMemory.getLong(at)).as("XMM%d", r).isEqualTo(image.getLong(160 + 16 * r));
          assertThat(RawMemory.getLong(at + 8)).isEqualTo(image.getLong(168 + 16 * r));
        }
      }
    }
  }
}
