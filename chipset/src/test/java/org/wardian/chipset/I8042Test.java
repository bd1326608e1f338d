package org.wardian.chipset;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.wardian.bus.IoHandler;

class I8042Test {
  private final RecordedLine line = new RecordedLine();
  private final RecordedPower power = new RecordedPower();
  private final A20Gate a20 = new A20Gate(power);
  private final I8042 controller = new I8042(line, a20, power);
  private final IoHandler data = controller.dataPort();
  private final IoHandler command = controller.commandPort();

  private int status() {
    return (int) command.read(0, 1);
  }

  private int answer(int... bytes) {
    command.write(0, 1, bytes[0]);
    for (int i = 1; i < bytes.length; i++) {
      data.write(0, 1, bytes[i]);
    }
    assertThat(status() & 1).as("output buffer full").isEqualTo(1);
    int value = (int) data.read(0, 1);
    assertThat(status() & 1).isZero();
    return value;
  }

  @Test
  void selfTestAndInterfaceTest() {
    assertThat(answer(0xaa)).isEqualTo(0x55);
    assertThat(answer(0xab)).isZero();
    assertThat(status()).isEqualTo(0x1c);
  }

  @Test
  void theCommandByteIsKept() {
    assertThat(answer(0x20)).isEqualTo(0x45);
    command.write(0, 1, 0x60);
    data.write(0, 1, 0x74);
    assertThat(answer(0x20)).isEqualTo(0x74);
    command.write(0, 1, 0xae);
    assertThat(answer(0x20)).isEqualTo(0x64);
    command.write(0, 1, 0xad);
    assertThat(answer(0x20)).isEqualTo(0x74);
  }

  @Test
  void thereIsNoAuxiliaryPort() {
    assertThat(answer(0xa9)).as("clock stuck low").isEqualTo(1);
    command.write(0, 1, 0xd3);
    data.write(0, 1, 0x5a);
    assertThat(status() & 0x21).as("not from the auxiliary device").isEqualTo(1);
    assertThat(data.read(0, 1)).isEqualTo(0x5a);
  }

  @Test
  void aKeyboardThatIsNotThereTimesOutAtOnce() {
    line.takeEdges();
    data.write(0, 1, 0xff);
    assertThat(status() & 0x41).isEqualTo(0x41);
    assertThat(line.level).isTrue();
    assertThat(data.read(0, 1)).isEqualTo(0xfe);
    assertThat(status() & 0x41).isZero();
    assertThat(line.level).isFalse();
  }

  @Test
  void interruptsCanBeTurnedOff() {
    command.write(0, 1, 0x60);
    data.write(0, 1, 0x44);
    assertThat(answer(0xd2, 0x1c)).isEqualTo(0x1c);
    assertThat(line.edges).isZero();
  }

  @Test
  void pulsingLine0Resets() {
    command.write(0, 1, 0xff);
    assertThat(power.requests).isEmpty();
    command.write(0, 1, 0xfe);
    assertThat(power.requests).containsExactly("reset");
  }

  @Test
  void theOutputPortResetsToo() {
    command.write(0, 1, 0xd1);
    data.write(0, 1, 0xfe);
    assertThat(power.requests).containsExactly("reset");
  }

  @Test
  void theOutputPortMovesA20() {
    a20.portA().write(0, 1, 0);
    assertThat(a20.enabled()).isTrue();
    assertThat(answer(0xd0) & 2).isEqualTo(2);
    command.write(0, 1, 0xd1);
    data.write(0, 1, 0xdd);
    assertThat(a20.enabled()).isFalse();
    assertThat(answer(0xd0)).isEqualTo(0xdd);
    a20.portA().write(0, 1, 2);
    assertThat(a20.enabled()).isTrue();
    assertThat(a20.portA().read(0, 1)).isEqualTo(2);
  }

  @Test
  void portAResetsOnARisingBit() {
    a20.portA().write(0, 1, 3);
    a20.portA().write(0, 1, 3);
    assertThat(power.requests).containsExactly("reset");
    a20.portA().write(0, 1, 2);
    a20.portA().write(0, 1, 3);
    assertThat(power.requests).hasSize(2);
  }
}
