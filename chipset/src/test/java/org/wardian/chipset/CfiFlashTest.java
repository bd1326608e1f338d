package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CfiFlashTest {
  private static final long BASE = 0xffc00000L;

  private final PcDevices pc = new PcDevices();

  @AfterEach
  void close() {
    pc.close();
  }

  @BeforeEach
  void erase() {
    write(0x1000, 0x20);
    write(0x1000, 0xd0);
  }

  private void write(int offset, int value) {
    pc.mmio.write(BASE + offset, 1, value);
  }

  private int read(int offset) {
    return (int) pc.mmio.read(BASE + offset, 1);
  }

  private void program(int offset, int value) {
    write(offset, 0x10);
    write(offset, value);
    assertThat(read(offset)).as("ready").isEqualTo(0x80);
    write(offset, 0xff);
  }

  @Test
  void programmingClearsBitsAndErasingSetsThem() {
    program(0x1005, 0xf0);
    program(0x1005, 0x3c);
    assertThat(pc.peek(BASE + 0x1005, 1)).containsExactly(0x30);
    assertThat(pc.variables.content[0x1005]).as("on the medium").isEqualTo((byte) 0x30);
    erase();
    assertThat(read(0x1005)).isEqualTo(0x80);
    write(0, 0xff);
    assertThat(pc.peek(BASE + 0x1005, 1)).containsExactly(0xff);
  }

  @Test
  void whileItTellsItsStatusItIsNoMemory() {
    write(0, 0x70);
    assertThat(pc.memory.region(BASE)).isNull();
    write(0, 0xff);
    assertThat(pc.memory.region(BASE).writable()).isFalse();
  }

  @Test
  void aBufferIsProgrammedAtOnce() {
    write(0x1800, 0xe8);
    assertThat(read(0x1800)).isEqualTo(0x80);
    write(0x1800, 3);
    for (int i = 0; i < 4; i++) {
      write(0x1800 + i, 0x10 + i);
    }
    write(0x1800, 0xd0);
    assertThat(read(0x1800)).isEqualTo(0x80);
    write(0x1800, 0xff);
    assertThat(pc.peek(BASE + 0x1800, 5)).containsExactly(0x10, 0x11, 0x12, 0x13, 0xff);
  }

  @Test
  void aReadOnlyMediumRefuses() {
    pc.variables.readOnly = true;
    write(0x1000, 0x40);
    write(0x1000, 0);
    assertThat(read(0x1000)).isEqualTo(0x92);
    write(0x1000, 0x50);
    write(0x1000, 0x70);
    assertThat(read(0x1000)).isEqualTo(0x80);
  }

  @Test
  void itTellsItsGeometry() {
    write(0, 0x98);
    assertThat(new int[] {read(0x10), read(0x11), read(0x12)}).containsExactly('Q', 'R', 'Y');
    assertThat(1 << read(0x27)).isEqualTo(pc.flash.length());
    write(0, 0x90);
    assertThat(read(0)).isEqualTo(0x89);
  }
}
