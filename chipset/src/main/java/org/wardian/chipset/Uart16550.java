package org.wardian.chipset;

import org.wardian.bus.Device;
import org.wardian.bus.InterruptLine;
import org.wardian.bus.IoHandler;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.bus.Timers;

/**
 * A PC16550D serial port with 16-byte FIFOs (National Semiconductor PC16550D data sheet). The baud
 * rate is kept but slows nothing: what the guest sends is gone at once.
 *
 * <p>No input is ever lost. Characters from the back end wait in a queue and move into the receive
 * FIFO only while the guest listens: its receive interrupt is enabled, or it polls the line status.
 * When the guest clears the FIFO, characters in it go back to the queue, as if the sender had held
 * them.
 */
public final class Uart16550 implements Device, IoHandler {
  /** COM1's ports begin here. */
  public static final int COM1_PORT = 0x3f8;

  /** COM1's ISA interrupt. */
  public static final int COM1_INTERRUPT = 4;

  /** COM2's ports begin here. */
  public static final int COM2_PORT = 0x2f8;

  /** COM2's ISA interrupt. */
  public static final int COM2_INTERRUPT = 3;

  /** Number of ports. */
  public static final int PORTS = 8;

  private static final int STATE_VERSION = 1;

  private static final int RBR_THR = 0;
  private static final int IER = 1;
  private static final int IIR_FCR = 2;
  private static final int LCR = 3;
  private static final int MCR = 4;
  private static final int LSR = 5;
  private static final int MSR = 6;

  private static final int IER_RECEIVED_DATA = 0x01;
  private static final int IER_TRANSMITTER_EMPTY = 0x02;
  private static final int IER_LINE_STATUS = 0x04;
  private static final int IER_MODEM_STATUS = 0x08;
  private static final int IER_WRITABLE = 0x0f;

  private static final int IIR_MODEM_STATUS = 0x00;
  private static final int IIR_NONE = 0x01;
  private static final int IIR_TRANSMITTER_EMPTY = 0x02;
  private static final int IIR_RECEIVED_DATA = 0x04;
  private static final int IIR_LINE_STATUS = 0x06;
  private static final int IIR_CHARACTER_TIMEOUT = 0x0c;
  private static final int IIR_FIFOS_ENABLED = 0xc0;

  private static final int FCR_ENABLE = 0x01;
  private static final int FCR_CLEAR_RECEIVER = 0x02;
  private static final int[] FCR_TRIGGER = {1, 4, 8, 14};

  private static final int LCR_DIVISOR_LATCH = 0x80;

  private static final int MCR_DTR = 0x01;
  private static final int MCR_RTS = 0x02;
  private static final int MCR_OUT1 = 0x04;
  private static final int MCR_OUT2 = 0x08;
  private static final int MCR_LOOP = 0x10;
  private static final int MCR_WRITABLE = 0x1f;

  private static final int LSR_DATA_READY = 0x01;
  private static final int LSR_OVERRUN = 0x02;
  private static final int LSR_EMPTY = 0x60;

  private static final int MSR_CTS = 0x10;
  private static final int MSR_DSR = 0x20;
  private static final int MSR_RI = 0x40;
  private static final int MSR_DCD = 0x80;
  private static final int MSR_LINES = 0xf0;
  private static final int MSR_DELTAS = 0x0f;

  /**
   * Line status reads that find nothing, and no write and no character in between, before the guest
   * is taken to wait for input. UEFI reads the modem's registers between them.
   */
  private static final int POLLS = 2;

  private final String name;
  private final SerialBackend backend;
  private final InterruptLine output;
  private final SerialReceiver receiver;
  private int divisor;
  private int ier;
  private int lcr;
  private int mcr;
  private int lsr;
  private int msr;
  private int scratch;
  private int inputs = MSR_CTS | MSR_DSR | MSR_DCD;
  private boolean transmitterEmpty;
  private int polls;

  /**
   * Makes the port.
   *
   * @param name the device's name, such as "serial0"
   * @param backend where output goes
   * @param output the interrupt line
   */
  public Uart16550(String name, Timers timers, SerialBackend backend, InterruptLine output) {
    this.name = name;
    this.backend = backend;
    this.output = output;
    this.receiver = new SerialReceiver(timers, name, this::characterTimeout);
    resetRegisters();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public synchronized void reset() {
    unread();
    resetRegisters();
    update();
  }

  /** The master reset (data sheet table "UART Reset Configuration"). */
  private void resetRegisters() {
    divisor = 12; // 9600 baud, as firmware leaves it
    ier = 0;
    lcr = 0;
    mcr = 0;
    lsr = 0;
    msr = inputs;
    receiver.configure(false, 1);
    transmitterEmpty = false;
    polls = 0;
  }

  // The host's side.

  /**
   * Offers input without waiting. What does not fit is refused, and {@link
   * SerialBackend#receiveReady} tells when it is worth trying again. Any thread.
   *
   * @return how many bytes were taken
   */
  public synchronized int offer(byte[] bytes, int from, int length) {
    int taken = receiver.offer(bytes, from, length);
    refill();
    update();
    return taken;
  }

  /**
   * Hands over input, waiting for as long as the guest does not read. Any thread but a vCPU's.
   *
   * @throws InterruptedException if the thread is interrupted; some bytes may have been taken
   */
  public synchronized void receive(byte[] bytes, int from, int length) throws InterruptedException {
    for (int done = 0; done < length; ) {
      int taken = offer(bytes, from + done, length - done);
      done += taken;
      while (done < length && receiver.room() == 0) {
        wait();
      }
    }
  }

  /** Sets the modem inputs that the other end drives. Any thread. */
  public synchronized void modemInputs(
      boolean clearToSend, boolean dataSetReady, boolean ring, boolean carrier) {
    inputs =
        (clearToSend ? MSR_CTS : 0)
            | (dataSetReady ? MSR_DSR : 0)
            | (ring ? MSR_RI : 0)
            | (carrier ? MSR_DCD : 0);
    updateModemStatus();
    update();
  }

  // The guest's side.

  @Override
  public int widest() {
    return 1;
  }

  @Override
  public synchronized long read(long offset, int size) {
    int register = (int) offset & 7;
    boolean latch = (lcr & LCR_DIVISOR_LATCH) != 0;
    int value =
        switch (register) {
          case RBR_THR -> latch ? divisor & 0xff : readReceiver();
          case IER -> latch ? divisor >> 8 : ier;
          case IIR_FCR -> readInterruptIdentification();
          case LCR -> lcr;
          case MCR -> mcr;
          case LSR -> readLineStatus();
          case MSR -> {
            int status = msr;
            msr &= ~MSR_DELTAS;
            yield status;
          }
          default -> scratch;
        };
    update();
    return value;
  }

  @Override
  public synchronized void write(long offset, int size, long value) {
    int bits = (int) value & 0xff;
    polls = 0;
    boolean latch = (lcr & LCR_DIVISOR_LATCH) != 0;
    switch ((int) offset & 7) {
      case RBR_THR -> {
        if (latch) {
          divisor = divisor & 0xff00 | bits;
        } else {
          transmit((byte) bits);
        }
      }
      case IER -> {
        if (latch) {
          divisor = divisor & 0xff | bits << 8;
        } else {
          writeInterruptEnable(bits & IER_WRITABLE);
        }
      }
      case IIR_FCR -> writeFifoControl(bits);
      case LCR -> lcr = bits;
      case MCR -> writeModemControl(bits & MCR_WRITABLE);
      case LSR, MSR -> {} // read-only
      default -> scratch = bits;
    }
    update();
  }

  private int readReceiver() {
    polls = 0;
    int value = receiver.read();
    refill();
    return value;
  }

  private int readInterruptIdentification() {
    int identification = identification();
    if (identification == IIR_TRANSMITTER_EMPTY) {
      transmitterEmpty = false;
    }
    return identification | (receiver.fifosEnabled() ? IIR_FIFOS_ENABLED : 0);
  }

  private int readLineStatus() {
    if (receiver.isEmpty() && ++polls >= POLLS) {
      refill();
    }
    int status = lsr | LSR_EMPTY | (receiver.isEmpty() ? 0 : LSR_DATA_READY);
    lsr = 0;
    return status;
  }

  /**
   * The character leaves at once, so the holding register is full and empty again: its interrupt
   * goes and comes back, an edge that an edge-triggered controller needs to see.
   */
  private void transmit(byte value) {
    transmitterEmpty = false;
    update();
    if ((mcr & MCR_LOOP) == 0) {
      backend.transmit(value);
    } else if (!receiver.add(value)) {
      lsr |= LSR_OVERRUN;
    }
    transmitterEmpty = true;
  }

  private void writeInterruptEnable(int bits) {
    if ((bits & ~ier & IER_TRANSMITTER_EMPTY) != 0) {
      transmitterEmpty = true;
    }
    ier = bits;
    refill();
  }

  private void writeFifoControl(int bits) {
    boolean enable = (bits & FCR_ENABLE) != 0;
    if (enable != receiver.fifosEnabled() || enable && (bits & FCR_CLEAR_RECEIVER) != 0) {
      unread();
    }
    receiver.configure(enable, enable ? FCR_TRIGGER[bits >> 6] : 1);
    refill();
  }

  private void writeModemControl(int bits) {
    int changed = mcr ^ bits;
    if ((changed & bits & MCR_LOOP) != 0) {
      unread(); // the cable is cut
    } else if ((changed & MCR_LOOP) != 0) {
      receiver.clear(); // what was looped back is no input
    }
    mcr = bits;
    updateModemStatus();
    if ((changed & (MCR_DTR | MCR_RTS)) != 0 && (mcr & MCR_LOOP) == 0) {
      backend.modemControl((mcr & MCR_DTR) != 0, (mcr & MCR_RTS) != 0);
    }
    refill();
  }

  private void updateModemStatus() {
    int lines = inputs;
    if ((mcr & MCR_LOOP) != 0) {
      lines =
          ((mcr & MCR_RTS) != 0 ? MSR_CTS : 0)
              | ((mcr & MCR_DTR) != 0 ? MSR_DSR : 0)
              | ((mcr & MCR_OUT1) != 0 ? MSR_RI : 0)
              | ((mcr & MCR_OUT2) != 0 ? MSR_DCD : 0);
    }
    int changed = (msr ^ lines) & MSR_LINES;
    // Ring counts only at its trailing edge.
    int deltas = changed & ~(MSR_RI & lines);
    msr = lines | msr & MSR_DELTAS | deltas >> 4;
  }

  // Receiving.

  private boolean listening() {
    return (mcr & MCR_LOOP) == 0 && ((ier & IER_RECEIVED_DATA) != 0 || polls >= POLLS);
  }

  private void refill() {
    if (listening() && receiver.refill()) {
      notifyAll();
      if (receiver.takeRefused()) {
        backend.receiveReady();
      }
    }
  }

  /** Takes received characters back from the FIFO, unless they were looped back. */
  private void unread() {
    if ((mcr & MCR_LOOP) != 0) {
      receiver.clear();
    } else {
      receiver.unread();
    }
  }

  private synchronized void characterTimeout() {
    if (receiver.timeoutReached()) {
      update();
    }
  }

  // Interrupts.

  /** The source of highest priority (data sheet table "Interrupt Control Functions"). */
  private int identification() {
    if ((ier & IER_LINE_STATUS) != 0 && lsr != 0) {
      return IIR_LINE_STATUS;
    }
    if ((ier & IER_RECEIVED_DATA) != 0 && receiver.triggered()) {
      return IIR_RECEIVED_DATA;
    }
    if ((ier & IER_RECEIVED_DATA) != 0 && receiver.timedOut()) {
      return IIR_CHARACTER_TIMEOUT;
    }
    if ((ier & IER_TRANSMITTER_EMPTY) != 0 && transmitterEmpty) {
      return IIR_TRANSMITTER_EMPTY;
    }
    if ((ier & IER_MODEM_STATUS) != 0 && (msr & MSR_DELTAS) != 0) {
      return IIR_MODEM_STATUS;
    }
    return IIR_NONE;
  }

  /** On PCs the interrupt passes a gate that OUT2 opens; loopback closes OUT2. */
  private void update() {
    boolean gate = (mcr & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2;
    output.set(gate && identification() != IIR_NONE);
  }

  @Override
  public synchronized void save(StateWriter out) {
    out.begin(name, STATE_VERSION);
    out.writeInts(new int[] {divisor, ier, lcr, mcr, lsr, msr, scratch, inputs});
    out.writeBoolean(transmitterEmpty);
    receiver.save(out);
    out.end();
  }

  @Override
  public synchronized void load(StateReader in) {
    in.begin(name, STATE_VERSION);
    int[] registers = new int[8];
    in.readInts(registers);
    divisor = registers[0] & 0xffff;
    ier = registers[1] & IER_WRITABLE;
    lcr = registers[2] & 0xff;
    mcr = registers[3] & MCR_WRITABLE;
    lsr = registers[4] & LSR_OVERRUN;
    msr = registers[5] & 0xff;
    scratch = registers[6] & 0xff;
    inputs = registers[7] & MSR_LINES;
    transmitterEmpty = in.readBoolean();
    receiver.load(in);
    in.end();
    refill();
    update();
  }
}
