package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.wardian.bus.IoBus;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.memory.GuestMemory;

class ShadowRamTest {
  private final GuestMemory memory = new GuestMemory();
  private final IoBus mmio = IoBus.mmio();
  private final byte[] image = new byte[0x40000];
  private final ShadowRam shadow;

  ShadowRamTest() {
    Arrays.fill(image, (byte) 0x11);
    image[image.length - 16] = (byte) 0xea;
    shadow = new ShadowRam(memory, mmio, image);
  }

  @AfterEach
  void close() {
    memory.close();
  }

  /** What the processor would read: memory if there is a region, else the bus. */
  private int read(long at) {
    if (memory.region(at) == null) {
      return (int) mmio.read(at, 1);
    }
    byte[] value = new byte[1];
    memory.read(at, value, 0, 1);
    return value[0] & 0xff;
  }

  private void write(long at, int value) {
    GuestMemory.Region region = memory.region(at);
    if (region != null && region.writable()) {
      memory.write(at, new byte[] {(byte) value}, 0, 1);
    } else {
      mmio.write(at, 1, value);
    }
  }

  @Test
  void firmwareShowsAfterReset() {
    assertThat(read(0xffff0)).isEqualTo(0xea);
    assertThat(read(0xe0000)).isEqualTo(0x11);
    assertThat(read(0xc0000)).as("no option ROM").isEqualTo(0xff);
    write(0xffff0, 0);
    write(0xc0000, 0);
    assertThat(read(0xffff0)).isEqualTo(0xea);
    assertThat(read(0xc0000)).isEqualTo(0xff);
  }

  @Test
  void ramBehindRomIsWritten() {
    shadow.register(0, 0x20);
    write(0xf1234, 0x55);
    assertThat(read(0xf1234)).as("still the ROM").isEqualTo(0x11);
    shadow.register(0, 0x10);
    assertThat(read(0xf1234)).isEqualTo(0x55);
    write(0xf1234, 0x66);
    assertThat(read(0xf1234)).as("write protected").isEqualTo(0x55);
    shadow.register(0, 0x30);
    write(0xf1234, 0x66);
    assertThat(read(0xf1234)).isEqualTo(0x66);
    shadow.register(0, 0x00);
    assertThat(read(0xf1234)).isEqualTo(0x11);
    shadow.register(0, 0x30);
    assertThat(read(0xf1234)).as("kept behind").isEqualTo(0x66);
  }

  @Test
  void eachRegisterHasTwoSegments() {
    shadow.register(1, 0x30);
    write(0xc0000, 1);
    write(0xc4000, 2);
    assertThat(read(0xc0000)).isEqualTo(0xff);
    assertThat(read(0xc4000)).isEqualTo(2);
    shadow.register(6, 0x03);
    write(0xe8000, 3);
    write(0xec000, 4);
    assertThat(read(0xe8000)).isEqualTo(3);
    assertThat(read(0xec000)).isEqualTo(0x11);
  }

  @Test
  void itsStateMoves() {
    shadow.register(0, 0x10);
    shadow.register(2, 0x33);
    write(0xc8000, 0x77);
    StateWriter out = new StateWriter();
    shadow.save(out);
    shadow.reset();
    assertThat(read(0xc8000)).isEqualTo(0xff);
    shadow.load(new StateReader(out.toByteArray()));
    assertThat(read(0xc8000)).isEqualTo(0x77);
    assertThat(memory.region(0xf0000).writable()).isFalse();
    assertThat(shadow.register(2)).isEqualTo(0x33);
  }
}
