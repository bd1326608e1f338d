package org.wardian.chipset;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.wardian.bus.IoHandler;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.bus.Timer;
import org.wardian.bus.Timers;
import org.wardian.network.Frame;
import org.wardian.network.MacAddress;
import org.wardian.network.NetworkPort;

/**
 * An Intel 82540EM gigabit network card (PCI/PCI-X Family of Gigabit Ethernet Controllers, Software
 * Developer's Manual): legacy and extended transmit descriptors with checksums and segmentation,
 * legacy receive descriptors, filters, interrupt throttling.
 *
 * <p>Frames are sent by a thread of the card's own.
 */
public final class E1000 extends PciFunction {
  private static final int VENDOR_INTEL = 0x8086;
  private static final int DEVICE_82540EM = 0x100e;
  private static final int CLASS_ETHERNET = 0x020000;
  private static final int REVISION = 3;

  private static final int WINDOW = 0x20000;
  private static final int REGISTERS = 0x6000 / 4;

  private static final int CTRL = 0x0000;
  private static final int STATUS = 0x0008;
  private static final int EECD = 0x0010;
  private static final int EERD = 0x0014;
  private static final int MDIC = 0x0020;
  private static final int ICR = 0x00c0;
  private static final int ITR = 0x00c4;
  private static final int ICS = 0x00c8;
  private static final int IMS = 0x00d0;
  private static final int IMC = 0x00d8;
  private static final int TCTL = 0x0400;
  private static final int PBA = 0x1000;
  private static final int RDT = 0x2818;
  private static final int TDBAL = 0x3800;
  private static final int TDBAH = 0x3804;
  private static final int TDLEN = 0x3808;
  private static final int TDH = 0x3810;
  private static final int TDT = 0x3818;
  private static final int STATISTICS = 0x4000;
  private static final int STATISTICS_END = 0x4100;

  private static final int CTRL_RESET = 0x04000000;
  private static final int CTRL_PHY_RESET = 0x80000000;
  private static final int STATUS_LINK = 0x02;
  private static final int STATUS_SPEED = 0x81;
  private static final int TCTL_ENABLE = 0x02;

  private static final int TRANSMITTED = 0x01;
  private static final int TRANSMIT_EMPTY = 0x02;
  private static final int LINK_CHANGED = 0x04;
  static final int RECEIVED = 0x80;
  static final int RECEIVE_OVERRUN = 0x40;
  private static final int MDIC_DONE = 0x200;

  private static final long ITR_UNIT = 256;

  /** Descriptors that are taken while the monitor is held at a time. */
  private static final int BATCH = 64;

  private final NetworkPort port;
  private final MacAddress address;
  private final Timers timers;
  private final Timer throttle;
  private final E1000Eeprom eeprom;
  private final E1000Phy phy = new E1000Phy();
  private final E1000Transmit transmit;
  private final E1000Receive receive;
  private final int[] registers = new int[REGISTERS];
  private final ExecutorService worker;

  private int causes;
  private int mask;
  private boolean asserted;
  private long notBefore;
  private boolean link = true;
  private int ioAddress;
  private boolean working;
  private boolean paused = true;

  /** Makes the card, and plugs it into its port. */
  public E1000(String name, NetworkPort port, MacAddress address, Timers timers, Dma dma) {
    super(name, VENDOR_INTEL, DEVICE_82540EM, CLASS_ETHERNET, REVISION);
    this.port = port;
    this.address = address;
    this.timers = timers;
    this.throttle = timers.timer(name + "-throttle", this::throttled);
    this.eeprom = new E1000Eeprom(address);
    this.transmit = new E1000Transmit(dma);
    this.receive = new E1000Receive(registers, dma);
    this.worker =
        Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name(name + "-transmit").factory());
    subsystem(VENDOR_INTEL, DEVICE_82540EM);
    interruptPin(1);
    memoryBar(0, WINDOW, window());
    ioBar(1, 64, ports());
    resetCard();
    port.attach(new Socket());
  }

  /** The card as its port sees it. */
  private final class Socket implements NetworkPort.Receiver {
    @Override
    public boolean receive(Frame frame) {
      return received(frame);
    }

    @Override
    public void linkChanged(boolean up) {
      linkIs(up);
    }
  }

  private void resetCard() {
    Arrays.fill(registers, 0);
    causes = 0;
    mask = 0;
    notBefore = 0;
    throttle.cancel();
    eeprom.reset();
    phy.reset(link);
    transmit.reset();
    byte[] mac = new byte[6];
    address.write(mac, 0);
    set(E1000Receive.RAL, little(mac, 0, 4));
    set(E1000Receive.RAH, little(mac, 4, 2) | E1000Receive.ADDRESS_VALID);
    set(PBA, 0x00100030);
    update();
  }

  private static int little(byte[] bytes, int offset, int length) {
    int value = 0;
    for (int i = length - 1; i >= 0; i--) {
      value = value << 8 | bytes[offset + i] & 0xff;
    }
    return value;
  }

  private int get(int register) {
    return registers[register >> 2];
  }

  private void set(int register, int value) {
    registers[register >> 2] = value;
  }

  // Registers.

  private IoHandler window() {
    return new IoHandler() {
      @Override
      public int widest() {
        return 4;
      }

      @Override
      public long read(long offset, int size) {
        synchronized (E1000.this) {
          int whole = readRegister((int) offset & ~3);
          return Integer.toUnsignedLong(whole) >>> 8 * (offset & 3);
        }
      }

      @Override
      public void write(long offset, int size, long value) {
        if (size == 4) {
          synchronized (E1000.this) {
            writeRegister((int) offset, (int) value);
          }
        }
      }
    };
  }

  /** The registers by way of an address and a data port (§13.2). */
  private IoHandler ports() {
    return new IoHandler() {
      @Override
      public int widest() {
        return 4;
      }

      @Override
      public long read(long offset, int size) {
        synchronized (E1000.this) {
          int value = offset < 4 ? ioAddress : offset < 8 ? readRegister(ioAddress) : 0;
          return Integer.toUnsignedLong(value) >>> 8 * (offset & 3);
        }
      }

      @Override
      public void write(long offset, int size, long value) {
        if (size == 4) {
          synchronized (E1000.this) {
            if (offset == 0) {
              ioAddress = (int) value & WINDOW - 4;
            } else if (offset == 4) {
              writeRegister(ioAddress, (int) value);
            }
          }
        }
      }
    };
  }

  private int readRegister(int register) {
    return switch (register) {
      case STATUS -> STATUS_SPEED | (link ? STATUS_LINK : 0);
      case EECD -> eeprom.read();
      case ICR -> {
        int value = causes;
        causes = 0;
        update();
        yield value;
      }
      case IMS -> mask;
      case ICS, IMC -> 0;
      default -> {
        if (register >> 2 >= REGISTERS) {
          yield 0;
        }
        int value = get(register);
        if (register >= STATISTICS && register < STATISTICS_END) {
          set(register, 0);
        }
        yield value;
      }
    };
  }

  private void writeRegister(int register, int value) {
    switch (register) {
      case CTRL -> {
        if ((value & CTRL_RESET) != 0) {
          resetCard();
        } else {
          set(CTRL, value & ~CTRL_PHY_RESET);
        }
      }
      case EECD -> eeprom.write(value);
      case EERD -> set(EERD, eeprom.word(value >> 8) << 16 | value & 0xff00 | 0x10);
      case MDIC -> {
        set(MDIC, phy.access(value, link));
        if ((value & 0x20000000) != 0) {
          cause(MDIC_DONE);
        }
      }
      case ICR -> {
        causes &= ~value;
        update();
      }
      case ICS -> cause(value);
      case IMS -> {
        mask |= value;
        update();
      }
      case IMC -> {
        mask &= ~value;
        update();
      }
      case STATUS -> {}
      case TDT, TCTL -> {
        set(register, register == TDT ? value & 0xffff : value);
        kick();
      }
      case RDT -> {
        set(RDT, value & 0xffff);
        execute(port::ready);
      }
      case E1000Receive.RCTL -> {
        set(register, value);
        execute(port::ready);
      }
      default -> {
        if (register >> 2 < REGISTERS) {
          set(register, value);
        }
      }
    }
  }

  // Interrupts.

  private void cause(int bits) {
    causes |= bits;
    update();
  }

  /** Drives the interrupt, but no sooner after the last one than ITR says. */
  private void update() {
    boolean wanted = (causes & mask) != 0;
    if (!wanted) {
      asserted = false;
      throttle.cancel();
      interrupt(false);
    } else if (!asserted) {
      long now = timers.nanoseconds();
      if (now < notBefore) {
        throttle.arm(notBefore);
        return;
      }
      asserted = true;
      notBefore = now + (get(ITR) & 0xffff) * ITR_UNIT;
      interrupt(true);
    }
  }

  private synchronized void throttled() {
    update();
  }

  // Transmission.

  private void kick() {
    if (!working && !paused && (get(TCTL) & TCTL_ENABLE) != 0 && get(TDH) != get(TDT)) {
      working = true;
      execute(this::transmit);
    }
  }

  private void execute(Runnable task) {
    if (!worker.isShutdown()) {
      worker.execute(task);
    }
  }

  private void transmit() {
    List<byte[]> frames = new ArrayList<>();
    while (gather(frames)) {
      for (byte[] frame : frames) {
        port.send(Frame.complete(frame, 0, frame.length));
      }
      frames.clear();
    }
  }

  /** Takes some descriptors; false where there is nothing to do. */
  private synchronized boolean gather(List<byte[]> frames) {
    int ring = get(TDLEN) / E1000Transmit.DESCRIPTOR & 0xffff;
    boolean on = !paused && (get(TCTL) & TCTL_ENABLE) != 0 && busMaster();
    int head = get(TDH) & 0xffff;
    if (!on || ring == 0 || head >= ring || get(TDT) >= ring || head == get(TDT)) {
      working = false;
      notifyAll();
      return false;
    }
    long base = (long) get(TDBAH) << 32 | get(TDBAL) & 0xfffffff0L;
    boolean reported = false;
    for (int i = 0; i < BATCH && head != get(TDT); i++) {
      E1000Transmit.Step step = transmit.take(base + (long) head * E1000Transmit.DESCRIPTOR);
      frames.addAll(step.frames());
      reported |= step.reported();
      head = (head + 1) % ring;
    }
    set(TDH, head);
    cause((reported ? TRANSMITTED : 0) | (head == get(TDT) ? TRANSMIT_EMPTY : 0));
    return true;
  }

  // Reception.

  private synchronized boolean received(Frame frame) {
    if (paused || !link || !busMaster()) {
      return !paused; // a card that does not listen loses what comes
    }
    int result = receive.take(frame);
    if (result == RECEIVE_OVERRUN) {
      cause(RECEIVE_OVERRUN);
      return false;
    }
    if (result != 0) {
      cause(result);
    }
    return true;
  }

  private synchronized void linkIs(boolean up) {
    if (link != up) {
      link = up;
      phy.reset(up);
      cause(LINK_CHANGED);
    }
  }

  // Life cycle.

  @Override
  public synchronized void reset() {
    super.reset();
    resetCard();
  }

  @Override
  public void start() {
    resume();
    port.start();
  }

  @Override
  public void pause() {
    port.pause();
    synchronized (this) {
      paused = true;
      boolean interrupted = false;
      while (working) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void resume() {
    synchronized (this) {
      paused = false;
      kick();
    }
    port.resume();
    execute(port::ready);
  }

  @Override
  public void stop() {
    worker.shutdown();
  }

  @Override
  protected void saveDevice(StateWriter out) {
    out.writeInts(registers);
    out.writeInts(new int[] {causes, mask, ioAddress});
    out.writeBoolean(asserted);
    out.writeLong(notBefore);
    out.writeBoolean(link);
    eeprom.save(out);
    phy.save(out);
    transmit.save(out);
  }

  @Override
  protected void loadDevice(StateReader in) {
    in.readInts(registers);
    int[] fields = new int[3];
    in.readInts(fields);
    causes = fields[0];
    mask = fields[1];
    ioAddress = fields[2] & WINDOW - 4;
    asserted = in.readBoolean();
    notBefore = in.readLong();
    link = in.readBoolean();
    eeprom.load(in);
    phy.load(in);
    transmit.load(in);
    if (asserted && (causes & mask) == 0) {
      asserted = false;
    }
    update();
  }
}
