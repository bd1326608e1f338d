package org.wardian.chipset;

import org.wardian.bus.Device;
import org.wardian.bus.InterruptLine;
import org.wardian.bus.IoHandler;
import org.wardian.bus.PowerControl;
import org.wardian.bus.StateException;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.bus.Timers;
import org.wardian.display.KeyReceiver;
import org.wardian.display.PointerReceiver;

/**
 * The keyboard controller at ports 0x60 and 0x64 (Intel UPI-42 as the IBM PC/AT and PS/2 Technical
 * References program it), with a keyboard and a mouse plugged in, or with nothing. It tests itself,
 * loops back, keeps its command byte and output port, translates scan codes, and pulses the reset
 * line. A byte sent to what is not plugged in times out at once, as a controller reports a keyboard
 * that does not answer.
 */
public final class I8042 implements Device {
  /** The data port. */
  public static final int DATA_PORT = 0x60;

  /** The status and command port. */
  public static final int COMMAND_PORT = 0x64;

  /** The keyboard's ISA interrupt. */
  public static final int INTERRUPT = 1;

  /** The mouse's ISA interrupt. */
  public static final int MOUSE_INTERRUPT = 12;

  private static final int STATE_VERSION = 2;

  private static final int STATUS_OUTPUT_FULL = 0x01;
  private static final int STATUS_SYSTEM = 0x04;
  private static final int STATUS_COMMAND = 0x08;
  private static final int STATUS_UNLOCKED = 0x10;
  private static final int STATUS_FROM_MOUSE = 0x20;
  private static final int STATUS_TIMEOUT = 0x40;

  private static final int MODE_KEYBOARD_INTERRUPT = 0x01;
  private static final int MODE_MOUSE_INTERRUPT = 0x02;
  private static final int MODE_SYSTEM = 0x04;
  private static final int MODE_KEYBOARD_DISABLED = 0x10;
  private static final int MODE_MOUSE_DISABLED = 0x20;
  private static final int MODE_TRANSLATE = 0x40;

  private static final int COMMAND_READ_MODE = 0x20;
  private static final int COMMAND_WRITE_MODE = 0x60;
  private static final int COMMAND_DISABLE_AUXILIARY = 0xa7;
  private static final int COMMAND_ENABLE_AUXILIARY = 0xa8;
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

  private static final int BREAK_PREFIX = 0xf0;
  private static final int SET_1_BREAK = 0x80;
  private static final int ANSWERS = 16;

  private static final int OUTPUT_NOT_RESET = 0x01;
  private static final int OUTPUT_A20 = 0x02;
  private static final int OUTPUT_PORT = 0xcf;

  private final InterruptLine output;
  private final InterruptLine mouseOutput;
  private final A20Gate a20;
  private final PowerControl power;

  /** Both or neither. */
  private final Ps2Keyboard keyboard;

  private final Ps2Mouse mouse;

  /** Answers of the controller that wait for the output buffer. */
  private final ByteQueue answers = new ByteQueue(ANSWERS);

  private boolean fromMouse;

  /** Whether a break prefix of set 2 was swallowed by the translation. */
  private boolean breaking;

  // Where the pointer was last, for a mouse knows only movements.
  private int pointerX = -1;
  private int pointerY;

  private int mode;
  private int data;
  private boolean outputFull;
  private boolean timeout;
  private boolean lastWasCommand;
  private int outputPort;

  /** The command whose data byte port 0x60 expects; 0 when it goes to the keyboard. */
  private int expecting;

  /** Makes the controller with nothing plugged in; {@code output} is ISA interrupt 1. */
  public I8042(InterruptLine output, A20Gate a20, PowerControl power) {
    this(output, InterruptLine.UNCONNECTED, a20, power, null);
  }

  /**
   * Makes the controller with a keyboard and a mouse.
   *
   * @param output ISA interrupt 1
   * @param mouseOutput ISA interrupt 12
   * @param timers for the keyboard's repetition; null for nothing plugged in
   */
  public I8042(
      InterruptLine output,
      InterruptLine mouseOutput,
      A20Gate a20,
      PowerControl power,
      Timers timers) {
    this.output = output;
    this.mouseOutput = mouseOutput;
    this.a20 = a20;
    this.power = power;
    this.keyboard = timers == null ? null : new Ps2Keyboard(this, timers);
    this.mouse = timers == null ? null : new Ps2Mouse();
    if (keyboard != null) {
      keyboard.connect(this::update);
      mouse.connect(this::update);
    }
    resetRegisters();
  }

  /** Takes what somebody types. */
  public KeyReceiver keys() {
    return (code, down) -> {
      synchronized (this) {
        if (keyboard != null) {
          keyboard.key(code, down);
        }
      }
    };
  }

  /** Takes what somebody points at: the mouse follows the pointer's movements. */
  public PointerReceiver pointer() {
    return this::point;
  }

  private synchronized void point(int x, int y, int width, int height, int buttons, int wheel) {
    if (mouse == null) {
      return;
    }
    boolean known = pointerX >= 0;
    int right = known ? x - pointerX : 0;
    int down = known ? y - pointerY : 0;
    pointerX = x;
    pointerY = y;
    int order =
        buttons & PointerReceiver.LEFT
            | ((buttons & PointerReceiver.RIGHT) != 0 ? 2 : 0)
            | ((buttons & PointerReceiver.MIDDLE) != 0 ? 4 : 0);
    mouse.move(right, down, order, wheel);
  }

  /** Scroll lock in bit 0, number lock in bit 1, capitals lock in bit 2. */
  public synchronized int lights() {
    return keyboard == null ? 0 : keyboard.lights();
  }

  @Override
  public String name() {
    return "i8042";
  }

  @Override
  public synchronized void reset() {
    resetRegisters();
    if (keyboard != null) {
      keyboard.reset();
      mouse.reset();
    }
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
    fromMouse = false;
    breaking = false;
    answers.clear();
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
    int value = data;
    outputFull = false;
    timeout = false;
    // The lines fall before the next byte raises one again.
    drive();
    if (mouse != null && !mouse.ready()) {
      mouse.report();
    }
    update();
    return value;
  }

  private synchronized int status() {
    return (outputFull ? STATUS_OUTPUT_FULL : 0)
        | ((mode & MODE_SYSTEM) != 0 ? STATUS_SYSTEM : 0)
        | (lastWasCommand ? STATUS_COMMAND : 0)
        | STATUS_UNLOCKED
        | (outputFull && fromMouse ? STATUS_FROM_MOUSE : 0)
        | (timeout ? STATUS_TIMEOUT : 0);
  }

  private synchronized void writeData(int value) {
    lastWasCommand = false;
    int command = expecting;
    expecting = 0;
    switch (command) {
      case COMMAND_WRITE_MODE -> mode = value;
      case COMMAND_WRITE_OUTPUT_PORT -> writeOutputPort(value);
      case COMMAND_WRITE_KEYBOARD_OUTPUT -> answer(value);
      case COMMAND_WRITE_AUXILIARY_OUTPUT -> {
        answer(value);
        // An AT controller has no auxiliary buffer: the byte comes back as the keyboard's.
        fromMouse = mouse != null;
      }
      case COMMAND_WRITE_AUXILIARY -> {
        if (mouse == null) {
          timeOut();
        } else {
          mode &= ~MODE_MOUSE_DISABLED;
          mouse.command(value);
        }
      }
      default -> {
        if (keyboard == null) {
          timeOut();
        } else {
          mode &= ~MODE_KEYBOARD_DISABLED;
          keyboard.command(value);
        }
      }
    }
    update();
  }

  private void timeOut() {
    answer(RESEND);
    timeout = true;
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
      case COMMAND_TEST_AUXILIARY -> answer(mouse == null ? AUXILIARY_CLOCK_STUCK_LOW : 0);
      case COMMAND_DISABLE_AUXILIARY -> mode |= MODE_MOUSE_DISABLED;
      case COMMAND_ENABLE_AUXILIARY -> mode &= ~MODE_MOUSE_DISABLED;
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
    if (outputFull && keyboard != null && answers.room() > 0) {
      answers.add((byte) value);
      return;
    }
    data = value;
    outputFull = true;
    fromMouse = false;
    timeout = false;
  }

  /** Fills the output buffer if it is empty, and drives the lines. */
  private void update() {
    while (!outputFull && refill()) {
      // A break prefix is swallowed by the translation, and the next byte looked at.
    }
    drive();
  }

  private void drive() {
    output.set(outputFull && !fromMouse && (mode & MODE_KEYBOARD_INTERRUPT) != 0);
    mouseOutput.set(outputFull && fromMouse && (mode & MODE_MOUSE_INTERRUPT) != 0);
  }

  /** Takes a byte from whoever has one; false where nobody has. */
  private boolean refill() {
    if (!answers.isEmpty()) {
      put(answers.removeFirst() & 0xff, false);
    } else if (keyboard == null) {
      return false;
    } else if (keyboard.ready() && (mode & MODE_KEYBOARD_DISABLED) == 0) {
      int value = keyboard.take();
      if ((mode & MODE_TRANSLATE) == 0) {
        put(value, false);
      } else if (value == BREAK_PREFIX) {
        breaking = true;
      } else {
        int code = value >= 0x85 ? value : ScanCodes.toSet1(value);
        put(breaking ? code | SET_1_BREAK : code, false);
        breaking = false;
      }
    } else if (mouse.ready() && (mode & MODE_MOUSE_DISABLED) == 0) {
      put(mouse.take(), true);
    } else {
      return false;
    }
    return true;
  }

  private void put(int value, boolean mouseByte) {
    data = value;
    outputFull = true;
    fromMouse = mouseByte;
  }

  @Override
  public synchronized void save(StateWriter out) {
    out.begin(name(), STATE_VERSION);
    out.writeInts(new int[] {mode, data, outputPort, expecting});
    out.writeBoolean(outputFull);
    out.writeBoolean(timeout);
    out.writeBoolean(lastWasCommand);
    out.writeBoolean(fromMouse);
    out.writeBoolean(breaking);
    answers.save(out);
    out.writeBoolean(keyboard != null);
    if (keyboard != null) {
      keyboard.save(out);
      mouse.save(out);
    }
    out.end();
  }

  @Override
  public synchronized void load(StateReader in) {
    int version = in.begin(name(), STATE_VERSION);
    int[] registers = new int[4];
    in.readInts(registers);
    mode = registers[0] & 0xff;
    data = registers[1] & 0xff;
    outputPort = registers[2] & 0xff;
    expecting = registers[3] & 0xff;
    outputFull = in.readBoolean();
    timeout = in.readBoolean();
    lastWasCommand = in.readBoolean();
    fromMouse = version > 1 && in.readBoolean();
    breaking = version > 1 && in.readBoolean();
    if (version > 1) {
      answers.load(in);
      if (in.readBoolean() != (keyboard != null)) {
        throw new StateException("the state has a keyboard and this machine none, or the reverse");
      }
      if (keyboard != null) {
        keyboard.load(in);
        mouse.load(in);
      }
    }
    in.end();
    update();
  }
}
