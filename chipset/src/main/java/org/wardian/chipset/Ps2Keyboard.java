package org.wardian.chipset;

import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.bus.Timer;
import org.wardian.bus.Timers;

/**
 * A PC keyboard (IBM PS/2 keyboard reference; scan code sets 1 and 2): lights, key repetition, and
 * the commands of the host.
 */
final class Ps2Keyboard extends Ps2Device {
  private static final int CAPACITY = 256;
  private static final int EXTENDED = 0x100;
  private static final int PAUSE = 0x145;
  private static final int PRINT_SCREEN = 0x137;
  private static final long MILLISECOND = 1_000_000L;

  private static final int DEFAULT_TYPEMATIC = 0x2b;

  private final Object monitor;
  private final Timers timers;
  private final Timer repeat;
  private boolean scanning;
  private int set;
  private int lights;
  private int typematic;

  /** The command whose argument comes next, or 0. */
  private int expecting;

  /** The key that repeats, or 0. */
  private int held;

  /** Makes a keyboard; {@code monitor} is its controller's. */
  Ps2Keyboard(Object monitor, Timers timers) {
    super(CAPACITY);
    this.monitor = monitor;
    this.timers = timers;
    this.repeat = timers.timer("keyboard-repeat", this::repeat);
    defaults();
    scanning = true;
  }

  private void defaults() {
    set = 2;
    typematic = DEFAULT_TYPEMATIC;
    expecting = 0;
    release();
  }

  private void release() {
    held = 0;
    repeat.cancel();
  }

  @Override
  void reset() {
    queue.clear();
    defaults();
    lights = 0;
    scanning = true;
  }

  /** Scroll lock in bit 0, number lock in bit 1, capitals lock in bit 2. */
  int lights() {
    return lights;
  }

  @Override
  void command(int value) {
    int command = expecting;
    expecting = 0;
    switch (command) {
      case 0xed -> {
        lights = value & 7;
        send(ACKNOWLEDGE);
      }
      case 0xf0 -> chooseSet(value);
      case 0xf3 -> {
        typematic = value & 0x7f;
        send(ACKNOWLEDGE);
      }
      default -> begin(value);
    }
  }

  private void chooseSet(int value) {
    if (value == 0) {
      send(ACKNOWLEDGE, set);
    } else if (value == 1 || value == 2) {
      set = value;
      send(ACKNOWLEDGE);
    } else {
      send(RESEND); // there is no set 3 here
    }
  }

  private void begin(int value) {
    switch (value) {
      case 0xed, 0xf0, 0xf3 -> {
        expecting = value;
        send(ACKNOWLEDGE);
      }
      case 0xee -> send(0xee);
      case 0xf2 -> send(ACKNOWLEDGE, 0xab, 0x83);
      case 0xf4 -> {
        queue.clear();
        scanning = true;
        send(ACKNOWLEDGE);
      }
      case 0xf5 -> {
        queue.clear();
        defaults();
        scanning = false;
        send(ACKNOWLEDGE);
      }
      case 0xf6 -> {
        queue.clear();
        defaults();
        scanning = true;
        send(ACKNOWLEDGE);
      }
      case 0xf7, 0xf8, 0xf9, 0xfa -> send(ACKNOWLEDGE);
      case 0xfe -> send(last());
      case 0xff -> {
        reset();
        send(ACKNOWLEDGE, SELF_TEST_PASSED);
      }
      default -> send(RESEND);
    }
  }

  /** A key goes down or up; see {@link org.wardian.display.KeyReceiver}. */
  void key(int code, boolean down) {
    boolean valid = (code & ~(EXTENDED | 0x7f)) == 0 && (code & 0x7f) != 0;
    if (!valid || !scanning || down && held == code) {
      return;
    }
    if (down && code != PAUSE) {
      held = code;
      long delay = 250 * (1 + (typematic >> 5 & 3));
      repeat.arm(timers.nanoseconds() + delay * MILLISECOND);
    } else if (held == code) {
      release();
    }
    emit(code, down);
  }

  private void repeat() {
    synchronized (monitor) {
      if (held == 0 || !scanning) {
        return;
      }
      emit(held, true);
      int rate = typematic & 0x1f;
      long period = (long) ((8 + (rate & 7)) * (1 << (rate >> 3)) * 4.17);
      repeat.arm(timers.nanoseconds() + period * MILLISECOND);
    }
  }

  private void emit(int code, boolean down) {
    if (code == PAUSE) {
      if (down) {
        pause();
      }
      return;
    }
    int key = set == 1 ? code & 0x7f : ScanCodes.toSet2(code & 0x7f);
    if (key == 0) {
      return;
    }
    if (code == PRINT_SCREEN) {
      // The host sees a shift key round it.
      int shift = set == 1 ? 0x2a : 0x12;
      emit(true, down ? shift : key, down);
      emit(true, down ? key : shift, down);
    } else {
      emit((code & EXTENDED) != 0, key, down);
    }
  }

  private void emit(boolean extended, int key, boolean down) {
    if (set == 1) {
      int made = down ? key : key | 0x80;
      if (extended) {
        send(0xe0, made);
      } else {
        send(made);
      }
    } else if (extended) {
      if (down) {
        send(0xe0, key);
      } else {
        send(0xe0, 0xf0, key);
      }
    } else if (down) {
      send(key);
    } else {
      send(0xf0, key);
    }
  }

  private void pause() {
    if (set == 1) {
      send(0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5);
    } else {
      send(0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77);
    }
  }

  @Override
  void save(StateWriter out) {
    super.save(out);
    out.writeBoolean(scanning);
    out.writeInts(new int[] {set, lights, typematic, expecting});
  }

  /** Which key is held is not part of the state: whoever typed is not there any more. */
  @Override
  void load(StateReader in) {
    super.load(in);
    release();
    scanning = in.readBoolean();
    int[] fields = new int[4];
    in.readInts(fields);
    set = fields[0] == 1 ? 1 : 2;
    lights = fields[1] & 7;
    typematic = fields[2] & 0x7f;
    expecting = fields[3] & 0xff;
  }
}
