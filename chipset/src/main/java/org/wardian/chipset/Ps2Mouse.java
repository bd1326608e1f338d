package org.wardian.chipset;

import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * A PS/2 mouse with three buttons, and with a wheel once the host has knocked for it (Microsoft
 * IntelliMouse: sample rates 200, 100, 80; two more buttons: 200, 200, 80).
 */
final class Ps2Mouse extends Ps2Device {
  private static final int CAPACITY = 64;
  private static final int WHEEL = 3;
  private static final int FIVE_BUTTONS = 4;

  /** A packet's movement has nine bits. */
  private static final int MOST = 255;

  private boolean reporting;
  private boolean remote;
  private boolean wrap;
  private boolean doubled;
  private int resolution;
  private int rate;
  private int id;
  private int knocks;
  private int expecting;

  private int buttons;
  private int reportedButtons;
  private int dx;
  private int dy;
  private int wheel;

  Ps2Mouse() {
    super(CAPACITY);
    reset();
  }

  @Override
  void reset() {
    queue.clear();
    defaults();
    id = 0;
    knocks = 0;
    wrap = false;
    expecting = 0;
    forget();
  }

  private void defaults() {
    reporting = false;
    remote = false;
    doubled = false;
    resolution = 2;
    rate = 100;
  }

  private void forget() {
    dx = 0;
    dy = 0;
    wheel = 0;
    reportedButtons = buttons;
  }

  @Override
  void command(int value) {
    if (wrap && value != 0xff && value != 0xec) {
      send(value);
      return;
    }
    int command = expecting;
    expecting = 0;
    if (command == 0xe8) {
      resolution = value & 3;
      send(ACKNOWLEDGE);
    } else if (command == 0xf3) {
      rate = value;
      knock(value);
      send(ACKNOWLEDGE);
    } else {
      begin(value);
    }
  }

  private void knock(int value) {
    knocks = (knocks << 8 | value) & 0xffffff;
    if (knocks == 0xc86450) {
      id = WHEEL;
    } else if (knocks == 0xc8c850 && id == WHEEL) {
      id = FIVE_BUTTONS;
    }
  }

  private void begin(int value) {
    switch (value) {
      case 0xe6, 0xe7 -> {
        doubled = value == 0xe7;
        send(ACKNOWLEDGE);
      }
      case 0xe8, 0xf3 -> {
        expecting = value;
        send(ACKNOWLEDGE);
      }
      case 0xe9 -> send(ACKNOWLEDGE, state(), resolution, rate);
      case 0xea, 0xf0 -> {
        remote = value == 0xf0;
        send(ACKNOWLEDGE);
      }
      case 0xeb -> {
        send(ACKNOWLEDGE);
        packet();
      }
      case 0xec, 0xee -> {
        wrap = value == 0xee;
        send(ACKNOWLEDGE);
      }
      case 0xf2 -> send(ACKNOWLEDGE, id);
      case 0xf4 -> {
        reporting = true;
        forget();
        send(ACKNOWLEDGE);
      }
      case 0xf5 -> {
        reporting = false;
        send(ACKNOWLEDGE);
      }
      case 0xf6 -> {
        defaults();
        send(ACKNOWLEDGE);
      }
      case 0xfe -> send(last());
      case 0xff -> {
        reset();
        send(ACKNOWLEDGE, SELF_TEST_PASSED, 0);
      }
      default -> send(RESEND);
    }
  }

  private int state() {
    // Left, middle and right are in the other order here than in packets.
    int shown = (buttons & 1) << 2 | buttons >> 1 & 1 | buttons >> 1 & 2;
    return shown | (doubled ? 0x10 : 0) | (reporting ? 0x20 : 0) | (remote ? 0x40 : 0);
  }

  /**
   * The mouse moves.
   *
   * @param right to the right
   * @param down downwards
   * @param newButtons left in bit 0, right in bit 1, middle in bit 2
   * @param notches of the wheel, towards the user
   */
  void move(int right, int down, int newButtons, int notches) {
    dx = Math.clamp((long) dx + right, -32767, 32767);
    dy = Math.clamp((long) dy - down, -32767, 32767);
    wheel = Math.clamp((long) wheel + notches, -127, 127);
    buttons = newButtons;
    report();
  }

  /** Sends packets for what has happened, as long as there is room. */
  void report() {
    boolean changed = dx != 0 || dy != 0 || wheel != 0 || buttons != reportedButtons;
    while (reporting && !remote && changed && packet()) {
      changed = dx != 0 || dy != 0 || wheel != 0;
    }
  }

  private boolean packet() {
    int x = Math.clamp(dx, -MOST, MOST);
    int y = Math.clamp(dy, -MOST, MOST);
    int z = Math.clamp(wheel, -7, 7);
    int first = buttons & 7 | 8 | (x < 0 ? 0x10 : 0) | (y < 0 ? 0x20 : 0);
    boolean sent =
        switch (id) {
          case WHEEL -> send(first, x & 0xff, y & 0xff, z & 0xff);
          case FIVE_BUTTONS -> send(first, x & 0xff, y & 0xff, z & 0x0f);
          default -> send(first, x & 0xff, y & 0xff);
        };
    if (sent) {
      dx -= x;
      dy -= y;
      wheel = id == 0 ? 0 : wheel - z;
      reportedButtons = buttons;
    }
    return sent;
  }

  @Override
  void save(StateWriter out) {
    super.save(out);
    for (boolean flag : new boolean[] {reporting, remote, wrap, doubled}) {
      out.writeBoolean(flag);
    }
    out.writeInts(
        new int[] {
          resolution, rate, id, knocks, expecting, buttons, reportedButtons, dx, dy, wheel
        });
  }

  @Override
  void load(StateReader in) {
    super.load(in);
    reporting = in.readBoolean();
    remote = in.readBoolean();
    wrap = in.readBoolean();
    doubled = in.readBoolean();
    int[] fields = new int[10];
    in.readInts(fields);
    resolution = fields[0] & 3;
    rate = fields[1] & 0xff;
    id = fields[2] == WHEEL || fields[2] == FIVE_BUTTONS ? fields[2] : 0;
    knocks = fields[3] & 0xffffff;
    expecting = fields[4] & 0xff;
    buttons = fields[5] & 7;
    reportedButtons = fields[6] & 7;
    dx = Math.clamp(fields[7], -32767, 32767);
    dy = Math.clamp(fields[8], -32767, 32767);
    wheel = Math.clamp(fields[9], -127, 127);
  }
}
