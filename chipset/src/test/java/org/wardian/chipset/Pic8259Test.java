package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class Pic8259Test {
  private static final int MASTER = 0x20;
  private static final int SLAVE = 0xa0;
  private static final int NON_SPECIFIC_EOI = 0x20;

  private final RecordedLine output = new RecordedLine();
  private final Pic8259 pic = new Pic8259(output);

  private void write(int port, int value) {
    (port < SLAVE ? pic.masterPorts() : pic.slavePorts()).write(port & 1, 1, value);
  }

  private int read(int port) {
    return (int) (port < SLAVE ? pic.masterPorts() : pic.slavePorts()).read(port & 1, 1);
  }

  private void initialize(int icw4) {
    write(MASTER, 0x11);
    write(MASTER + 1, 0x30);
    write(MASTER + 1, 4);
    write(MASTER + 1, icw4);
    write(SLAVE, 0x11);
    write(SLAVE + 1, 0x38);
    write(SLAVE + 1, 2);
    write(SLAVE + 1, icw4 & ~0x10);
  }

  private void request(int... lines) {
    for (int line : lines) {
      pic.line(line).pulse();
    }
  }

  /** What is in service: 16 bits, the slave's above. */
  private int inService() {
    write(MASTER, 0x0b);
    write(SLAVE, 0x0b);
    return read(MASTER) | read(SLAVE) << 8;
  }

  @BeforeEach
  void initialize() {
    initialize(0x01);
  }

  @Test
  void vectorsAreBasePlusLine() {
    request(1);
    assertThat(output.level).isTrue();
    assertThat(pic.acknowledge()).isEqualTo(0x31);
    assertThat(output.level).isFalse();
    assertThat(inService()).isEqualTo(2);
    write(MASTER, NON_SPECIFIC_EOI);
    assertThat(inService()).isZero();
  }

  @Test
  void slaveLinesCascade() {
    request(12);
    assertThat(pic.acknowledge()).isEqualTo(0x3c);
    assertThat(inService()).isEqualTo(0x1004);
    request(14, 9);
    assertThat(pic.acknowledge()).as("9 nests in 12 only with special nesting").isEqualTo(0x37);
    write(SLAVE, NON_SPECIFIC_EOI);
    write(MASTER, NON_SPECIFIC_EOI);
    assertThat(pic.acknowledge()).isEqualTo(0x39);
    write(SLAVE, NON_SPECIFIC_EOI);
    write(MASTER, NON_SPECIFIC_EOI);
    assertThat(pic.acknowledge()).isEqualTo(0x3e);
  }

  @Test
  void specialFullyNestedModeLetsTheSlaveNest() {
    initialize(0x11);
    request(12);
    pic.acknowledge();
    request(14);
    assertThat(output.level).isFalse();
    request(9);
    assertThat(pic.acknowledge()).isEqualTo(0x39);
  }

  @Test
  void lowerLinesComeFirstAndNest() {
    request(5, 3);
    assertThat(pic.acknowledge()).isEqualTo(0x33);
    assertThat(output.level).isFalse();
    request(1);
    assertThat(pic.acknowledge()).isEqualTo(0x31);
    write(MASTER, NON_SPECIFIC_EOI);
    write(MASTER, NON_SPECIFIC_EOI);
    assertThat(pic.acknowledge()).isEqualTo(0x35);
  }

  @Test
  void maskedLinesWaitInTheRequestRegister() {
    write(MASTER + 1, 0x08);
    request(3);
    assertThat(output.level).isFalse();
    write(MASTER, 0x0a);
    assertThat(read(MASTER)).isEqualTo(8);
    assertThat(read(MASTER + 1)).isEqualTo(8);
    write(MASTER + 1, 0);
    assertThat(pic.acknowledge()).isEqualTo(0x33);
  }

  @Test
  void anAcknowledgeWithNothingToGiveIsSpurious() {
    assertThat(pic.acknowledge()).isEqualTo(0x37);
    assertThat(inService()).isZero();
  }

  @Test
  void aLevelThatGoesAwayOnTheSlaveIsSpuriousThere() {
    pic.edgeLevelPorts().write(1, 1, 0x04);
    pic.line(10).set(true);
    write(MASTER, 0x0c); // poll: the master has committed to its cascade
    assertThat(read(MASTER)).isEqualTo(0x82);
    pic.line(10).set(false);
    write(SLAVE, 0x0c);
    assertThat(read(SLAVE)).isZero();
  }

  @Test
  void anEdgeInterruptsOnce() {
    pic.line(4).set(true);
    assertThat(pic.acknowledge()).isEqualTo(0x34);
    write(MASTER, NON_SPECIFIC_EOI);
    assertThat(output.level).isFalse();
    pic.line(4).set(true);
    assertThat(output.level).isFalse();
    pic.line(4).set(false);
    pic.line(4).set(true);
    assertThat(output.level).isTrue();
  }

  @Test
  void aLevelInterruptsWhileItLasts() {
    pic.edgeLevelPorts().write(0, 1, 0x20);
    pic.line(5).set(true);
    assertThat(pic.acknowledge()).isEqualTo(0x35);
    write(MASTER, NON_SPECIFIC_EOI);
    assertThat(output.level).isTrue();
    pic.line(5).set(false);
    assertThat(output.level).isFalse();
  }

  @Test
  void someLinesAreAlwaysEdgeTriggered() {
    pic.edgeLevelPorts().write(0, 1, 0xff);
    pic.edgeLevelPorts().write(1, 1, 0xff);
    assertThat(pic.edgeLevelPorts().read(0, 1)).isEqualTo(0xf8);
    assertThat(pic.edgeLevelPorts().read(1, 1)).isEqualTo(0xde);
  }

  @Test
  void specificEoiEndsTheLineNamed() {
    request(3);
    pic.acknowledge();
    request(1);
    pic.acknowledge();
    write(MASTER, 0x60 | 3);
    assertThat(inService()).isEqualTo(2);
  }

  @Test
  void rotatingEoiMakesTheLineLast() {
    request(0);
    pic.acknowledge();
    write(MASTER, 0xa0);
    request(0, 7);
    assertThat(pic.acknowledge()).isEqualTo(0x37);
  }

  @Test
  void prioritiesCanBeSet() {
    write(MASTER, 0xc0 | 4); // line 5 first
    request(1, 5, 6);
    assertThat(pic.acknowledge()).isEqualTo(0x35);
    write(MASTER, 0xe0 | 5); // ends 5 and makes it last
    assertThat(pic.acknowledge()).isEqualTo(0x36);
  }

  @Test
  void automaticEoiLeavesNothingInService() {
    initialize(0x03);
    request(4);
    assertThat(pic.acknowledge()).isEqualTo(0x34);
    assertThat(inService()).isZero();
    request(9, 10);
    assertThat(pic.acknowledge()).isEqualTo(0x39);
    assertThat(pic.acknowledge()).isEqualTo(0x3a);
  }

  @Test
  void automaticEoiCanRotate() {
    initialize(0x03);
    write(MASTER, 0x80);
    request(3);
    pic.acknowledge();
    request(3, 6);
    assertThat(pic.acknowledge()).isEqualTo(0x36);
    write(MASTER, 0x00);
    assertThat(pic.acknowledge()).isEqualTo(0x33);
  }

  @Test
  void specialMaskModeLetsLowerLinesThroughAMaskedService() {
    request(1);
    pic.acknowledge();
    request(6);
    assertThat(output.level).isFalse();
    write(MASTER + 1, 0x02);
    write(MASTER, 0x68);
    assertThat(pic.acknowledge()).isEqualTo(0x36);
    write(MASTER, 0x48);
    assertThat(inService()).isEqualTo(0x42);
  }

  @Test
  void pollingAcknowledges() {
    write(MASTER, 0x0c);
    assertThat(read(MASTER)).isZero();
    request(6);
    write(MASTER, 0x0c);
    assertThat(read(MASTER)).isEqualTo(0x86);
    assertThat(inService()).isEqualTo(0x40);
    assertThat(output.level).isFalse();
  }

  @Test
  void initialisationClearsMasksAndEdges() {
    write(MASTER + 1, 0xff);
    request(3);
    initialize();
    assertThat(read(MASTER + 1)).isZero();
    assertThat(output.level).isFalse();
  }

  @Test
  void theFirstCommandWordSaysHowManyFollow() {
    write(MASTER, 0x12); // single, no ICW4
    write(MASTER + 1, 0x50);
    write(MASTER + 1, 0xfe); // already the mask
    assertThat(read(MASTER + 1)).isEqualTo(0xfe);
    request(0);
    assertThat(pic.acknowledge()).isEqualTo(0x50);
  }

  @Test
  void line2IsTheCascade() {
    assertThatThrownBy(() -> pic.line(2)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> pic.line(16)).isInstanceOf(IllegalArgumentException.class);
  }
}
