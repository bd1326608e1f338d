package org.wardian.chipset;

import org.wardian.bus.Device;
import org.wardian.bus.InterruptLine;
import org.wardian.bus.IoHandler;
import org.wardian.bus.PowerControl;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * The AT keyboard controller at ports 0x60 and 0x64, with nothing plugged in (Intel UPI-42 as the
 * IBM PC/AT Technical Reference programs it). It tests itself, loops back, keeps its command byte
 * and output port, and pulses the reset line. A byte sent to the keyboard times out at once, as a
 * controller reports a keyboard that does not answer.
 */
public final class I8042 implements Device {
  /** The data port. */
  public static final int DATA_PORT = 0x60;

  /** The status and command port. */
  public static final int COMMAND_PORT = 0x64;

  /** The keyboard's ISA interrupt. */
  public static final int INTERRUPT = 1;

  private static final int STATE_VERSION = 1;

  private static final int STATUS_OUTPUT_FULL = 0x01;
  private static final int STATUS_SYSTEM = 0x04;
  private static final int STATUS_COMMAND = 0x08;
  private static final int STATUS_UNLOCKED = 0x10;
  private static final int STATUS_TIMEOUT = 0x40;

  private static final int MODE_KEYBOARD_INTERRUPT = 0x01;
  private static final int MODE_SYSTEM = 0x04;
  private static final int MODE_KEYBOARD_DISABLED = 0x10;
  private static final int MODE_TRANSLATE = 0x40;

  private static final int COMMAND_READ_MODE = 0x20;
  private static final int COMMAND_WRITE_MODE = 0x60;
  private static final int COMMAND_TEST_AUXILIARY = 0xa9;
  private static final int COMMAND_SELF_TEST = 0xaa;
  private static final int COMMAND_TEST_KEYBOARD = 0xab;
  private static final int COMMAND_DISABLE_KEYBOARD = 0xad;
  private static final int COMMAND_ENABLE_KEYBOARD = 0xae;
  private static final int COMMAND_READ_INPUT_PORT = 0xc0;
  private static final int COMMAND_READ_OUTPUT_PORT = 0xd0;
  private static final int COMMAND_WRITE_OUTPUT_PORT = 0xd1;
  private static final int COMMAND_WRITE_KEYBOARD_OUTPUT = 0xd2;
  private static final int COMMAND_WRITE_AUXILIARY_OUTPUT = 0xd3;
  private static final int COMMAND_WRITE_AUXILIARY = 0xd4;
  private static final int COMMAND_PULSE = 0xf0;

  private static final int SELF_TEST_PASSED = 0x55;
  private static final int KEYBOARD_TEST_PASSED = 0x00;
  private static final int AUXILIARY_CLOCK_STUCK_LOW = 0x01;
  private static final int INPUT_PORT = 0xb0;
  private static final int RESEND = 0xfe;

  private static final int OUTPUT_NOT_RESET = 0x01;
  private static final int OUTPUT_A20 = 0x02;
  private static final int OUTPUT_PORT = 0xcf;

  private final InterruptLine output;
  private final A20Gate a20;
  private final PowerControl power;

  private int mode;
  private int data;
  private boolean outputFull;
  private boolean timeout;
  private boolean lastWasCommand;
  private int outputPort;

  /** The command whose data byte port 0x60 expects; 0 when it goes to the keyboard. */
  private int expecting;

  /** Makes the controller; {@code output} is ISA interrupt 1. */
  public I8042(InterruptLine output, A20Gate a20, PowerControl power) {
    this.output = output;
    this.a20 = a20;
    this.power = power;
    resetRegisters();
  }

  @Override
  public String name() {
    return "i8042";
  }

  @Override
  public synchronized void reset() {
    resetRegisters();
    a20.keyboardController(true);
    update();
  }

  private void resetRegisters() {
    mode = MODE_KEYBOARD_INTERRUPT | MODE_SYSTEM | MODE_TRANSLATE;
    data = 0;
    outputFull = false;
    timeout = false;
    lastWasCommand = false;
    outputPort = OUTPUT_PORT;
    expecting = 0;
  }

  /** Port 0x60. */
  public IoHandler dataPort() {
    return new BytePort() {
      @Override
      int read() {
        return readData();
      }

      @Override
      void write(int value) {
        writeData(value);
      }
    };
  }

  /** Port 0x64. */
  public IoHandler commandPort() {
    return new BytePort() {
      @Override
      int read() {
        return status();
      }

      @Override
      void write(int value) {
        command(value);
      }
    };
  }

  private synchronized int readData() {
    outputFull = false;
    timeout = false;
    update();
    return data;
  }

  private synchronized int status() {
    return (outputFull ? STATUS_OUTPUT_FULL : 0)
        | ((mode & MODE_SYSTEM) != 0 ? STATUS_SYSTEM : 0)
        | (lastWasCommand ? STATUS_COMMAND : 0)
        | STATUS_UNLOCKED
        | (timeout ? STATUS_TIMEOUT : 0);
  }

  private synchronized void writeData(int value) {
    lastWasCommand = false;
    int command = expecting;
    expecting = 0;
    switch (command) {
      case COMMAND_WRITE_MODE -> mode = value;
      case COMMAND_WRITE_OUTPUT_PORT -> writeOutputPort(value);
      // An AT controller has no auxiliary buffer: the byte comes back as the keyboard's.
      case COMMAND_WRITE_KEYBOARD_OUTPUT, COMMAND_WRITE_AUXILIARY_OUTPUT -> answer(value);
      default -> {
        answer(RESEND);
        timeout = true;
      }
    }
    update();
  }

  private void writeOutputPort(int value) {
    outputPort = value;
    a20.keyboardController((value & OUTPUT_A20) != 0);
    if ((value & OUTPUT_NOT_RESET) == 0) {
      power.reset();
    }
  }

  private synchronized void command(int value) {
    lastWasCommand = true;
    expecting = 0;
    switch (value) {
      case COMMAND_READ_MODE -> answer(mode);
      case COMMAND_WRITE_MODE,
          COMMAND_WRITE_OUTPUT_PORT,
          COMMAND_WRITE_KEYBOARD_OUTPUT,
          COMMAND_WRITE_AUXILIARY_OUTPUT,
          COMMAND_WRITE_AUXILIARY ->
          expecting = value;
      case COMMAND_TEST_AUXILIARY -> answer(AUXILIARY_CLOCK_STUCK_LOW);
      case COMMAND_SELF_TEST -> {
        mode |= MODE_SYSTEM;
        answer(SELF_TEST_PASSED);
      }
      case COMMAND_TEST_KEYBOARD -> answer(KEYBOARD_TEST_PASSED);
      case COMMAND_DISABLE_KEYBOARD -> mode |= MODE_KEYBOARD_DISABLED;
      case COMMAND_ENABLE_KEYBOARD -> mode &= ~MODE_KEYBOARD_DISABLED;
      case COMMAND_READ_INPUT_PORT -> answer(INPUT_PORT);
      case COMMAND_READ_OUTPUT_PORT ->
          answer(outputPort & ~OUTPUT_A20 | (a20.enabled() ? OUTPUT_A20 : 0));
      default -> {
        // Bits 0 to 3 that are clear name the lines to pulse; line 0 is the processor's reset.
        if (value >= COMMAND_PULSE && (value & OUTPUT_NOT_RESET) == 0) {
          power.reset();
        }
      }
    }
    update();
  }

  private void answer(int value) {
    data = value;
    outputFull = true;
    timeout = false;
  }

  private void update() {
    output.set(outputFull && (mode & MODE_KEYBOARD_INTERRUPT) != 0);
  }

  @Override
  public synchronized void save(StateWriter out) {
    out.begin(name(), STATE_VERSION);
    out.writeInts(new int[] {mode, data, outputPort, expecting});
    out.writeBoolean(outputFull);
    out.writeBoolean(timeout);
    out.writeBoolean(lastWasCommand);
    out.end();
  }

  @Override
  public synchronized void load(StateReader in) {
    in.begin(name(), STATE_VERSION);
    int[] registers = new int[4];
    in.readInts(registers);
    mode = registers[0] & 0xff;
    data = registers[1] & 0xff;
    outputPort = registers[2] & 0xff;
    expecting = registers[3] & 0xff;
    outputFull = in.readBoolean();
    timeout = in.readBoolean();
    lastWasCommand = in.readBoolean();
    in.end();
    update();
  }
}
