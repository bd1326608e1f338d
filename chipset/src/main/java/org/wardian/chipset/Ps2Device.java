package org.wardian.chipset;

import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * A device on a PS/2 wire: takes command bytes and answers, and sends bytes of its own. The
 * controller's monitor guards it.
 */
abstract class Ps2Device {
  static final int ACKNOWLEDGE = 0xfa;
  static final int RESEND = 0xfe;
  static final int SELF_TEST_PASSED = 0xaa;

  /** Answers and events, oldest first. */
  final ByteQueue queue;

  /** Told that there is something to send. */
  private Runnable notify = () -> {};

  private int last;

  Ps2Device(int capacity) {
    queue = new ByteQueue(capacity);
  }

  final void connect(Runnable newNotify) {
    notify = newNotify;
  }

  /** The controller has a byte for the device. */
  abstract void command(int value);

  /** Back to the state after power-on. */
  abstract void reset();

  /** Whether there is a byte for the controller. */
  final boolean ready() {
    return !queue.isEmpty();
  }

  /** The next byte for the controller. */
  final int take() {
    last = queue.removeFirst() & 0xff;
    return last;
  }

  final int last() {
    return last;
  }

  /** Sends bytes, all or, without room for them, none. */
  final boolean send(int... bytes) {
    if (queue.room() < bytes.length) {
      return false;
    }
    for (int value : bytes) {
      queue.add((byte) value);
    }
    notify.run();
    return true;
  }

  void save(StateWriter out) {
    queue.save(out);
    out.writeInt(last);
  }

  void load(StateReader in) {
    queue.load(in);
    last = in.readInt() & 0xff;
  }
}
