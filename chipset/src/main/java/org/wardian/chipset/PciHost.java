package org.wardian.chipset;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntFunction;
import org.wardian.bus.Device;
import org.wardian.bus.InterruptLine;
import org.wardian.bus.IoBus;
import org.wardian.bus.IoHandler;
import org.wardian.bus.MessageInterrupts;
import org.wardian.bus.StateException;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * The host bridge of PCI bus 0 with both ways into configuration space: mechanism #1 at ports 0xcf8
 * to 0xcff (PCI Local Bus 3.0 §3.2.2.3.2) and the memory-mapped one (PCI Express 2.0 §7.2.2). It is
 * itself function 00:00.0.
 *
 * <p>It saves and loads the functions attached to it, and passes their life cycle on: the machine
 * knows only the host.
 */
public final class PciHost implements Device {
  /** The configuration ports. */
  public static final int PORT = 0xcf8;

  /** Number of configuration ports. */
  public static final int PORTS = 8;

  /** Where the memory-mapped configuration space lies, until firmware moves it. */
  public static final long ECAM_BASE = 0xb0000000L;

  /** Number of buses that the memory-mapped configuration space decodes, from 0. */
  public static final int ECAM_BUSES = 256;

  /** Bytes of the memory-mapped configuration space. */
  public static final long ECAM_LENGTH = (long) ECAM_BUSES << 20;

  /** Number of device slots. */
  public static final int SLOTS = 32;

  /** INTx interrupts arrive at this global system interrupt and the seven above. */
  public static final int FIRST_GSI = 16;

  private static final int INTERRUPTS = 8;

  /** The first one did not tell where the functions are. */
  private static final int STATE_VERSION = 2;

  private static final int ADDRESS_ENABLE = 1 << 31;
  private static final int ADDRESS_WRITABLE = 0x80fffffc;

  private final IoBus portBus;
  private final IoBus memoryBus;
  private final MessageInterrupts messages;
  private final WiredOr[] interrupts = new WiredOr[INTERRUPTS];
  private final Map<Integer, PciFunction> functions = new TreeMap<>();
  private final PciFunction[] table = new PciFunction[SLOTS * 8];
  private final HostBridge bridge = new HostBridge();
  private int address;

  /**
   * Makes the bridge; its windows still have to be mapped.
   *
   * @param ports where I/O base address registers map their windows
   * @param memory where memory base address registers map theirs
   * @param lines the interrupt line of a global system interrupt, {@link #FIRST_GSI} and up
   * @param messages where message-signalled interrupts go
   */
  public PciHost(
      IoBus ports, IoBus memory, IntFunction<InterruptLine> lines, MessageInterrupts messages) {
    this.portBus = ports;
    this.memoryBus = memory;
    this.messages = messages;
    for (int i = 0; i < INTERRUPTS; i++) {
      interrupts[i] = new WiredOr(lines.apply(FIRST_GSI + i));
    }
    attach(0, 0, bridge);
  }

  /**
   * Lets firmware program the bridge: where the memory-mapped configuration space lies, and the
   * shadow RAM below 1 MiB. Before the machine starts.
   *
   * @param window the window of {@link #ecam}
   */
  public void programmable(IoBus.Mapping window, ShadowRam shadow) {
    bridge.program(window, shadow);
  }

  /** Where the memory-mapped configuration space lies now. */
  public long ecamBase() {
    return bridge.configurationBase();
  }

  /**
   * The global system interrupt of a slot's pin, for the DSDT's {@code _PRT}.
   *
   * @param pin 0 for INTA# to 3 for INTD#
   */
  public static int gsi(int slot, int pin) {
    return FIRST_GSI + (slot + pin) % INTERRUPTS;
  }

  /**
   * Plugs a function in.
   *
   * @param slot 0 to 31
   * @param number 0 to 7
   * @throws IllegalArgumentException if the place is taken or does not exist
   */
  public synchronized void attach(int slot, int number, PciFunction function) {
    if (slot < 0 || slot >= SLOTS || number < 0 || number > 7) {
      throw new IllegalArgumentException("no PCI function 00:%02x.%d".formatted(slot, number));
    }
    int place = slot << 3 | number;
    if (functions.putIfAbsent(place, function) != null) {
      throw new IllegalArgumentException(
          "PCI function 00:%02x.%d is taken by %s"
              .formatted(slot, number, functions.get(place).name()));
    }
    int pin = function.interruptPin();
    InterruptLine line =
        pin == 0 ? InterruptLine.UNCONNECTED : interrupts[gsi(slot, pin - 1) - FIRST_GSI].input();
    function.attach(portBus, memoryBus, line, messages);
    table[place] = function;
    PciFunction first = table[slot << 3];
    boolean several = functions.keySet().stream().anyMatch(p -> p >> 3 == slot && (p & 7) != 0);
    if (several && first != null) {
      first.multiFunction();
    }
  }

  /**
   * Takes a function out, and ends it. No vCPU runs meanwhile.
   *
   * @return it; null where there is none
   */
  public synchronized PciFunction detach(int slot, int number) {
    int place = slot << 3 | number;
    PciFunction function = functions.remove(place);
    if (function != null) {
      table[place] = null;
      // Its windows go, and its interrupt is released.
      function.reset();
      function.stop();
    }
    return function;
  }

  /**
   * The configuration ports, {@link #PORTS} from {@link #PORT}.
   *
   * @param resetControl takes the byte accesses to port 0xcf9
   */
  public IoHandler ports(IoHandler resetControl) {
    return new IoHandler() {
      @Override
      public int widest() {
        return 4;
      }

      @Override
      public long read(long offset, int size) {
        if (offset == 1 && size == 1) {
          return resetControl.read(0, 1);
        }
        return offset < 4 ? readAddress(offset, size) : readData(offset, size);
      }

      @Override
      public void write(long offset, int size, long value) {
        if (offset == 1 && size == 1) {
          resetControl.write(0, 1, value);
        } else if (offset == 0 && size == 4) {
          writeAddress((int) value);
        } else if (offset >= 4) {
          writeData(offset, size, value);
        }
      }
    };
  }

  /** Only a whole double word reaches the register; anything else is an ordinary I/O cycle. */
  private synchronized long readAddress(long offset, int size) {
    return offset == 0 && size == 4 ? Integer.toUnsignedLong(address) : -1;
  }

  private synchronized void writeAddress(int value) {
    address = value & ADDRESS_WRITABLE;
  }

  private long readData(long offset, int size) {
    int selected = selected();
    int register = selected & 0xfc | (int) offset & 3;
    return selected < 0 ? readConfig(selected >> 8 & 0xffff, register, size) : -1;
  }

  private void writeData(long offset, int size, long value) {
    int selected = selected();
    if (selected < 0) {
      int register = selected & 0xfc | (int) offset & 3;
      writeConfig(selected >> 8 & 0xffff, register, size, (int) value);
    }
  }

  /** The configuration address, negative when its enable bit is set. */
  private synchronized int selected() {
    return (address & ADDRESS_ENABLE) | address & 0xfffffc;
  }

  /** The memory-mapped configuration space, {@link #ECAM_LENGTH} bytes at {@link #ECAM_BASE}. */
  public IoHandler ecam() {
    return new IoHandler() {
      @Override
      public int widest() {
        return 4;
      }

      @Override
      public long read(long offset, int size) {
        return readConfig((int) (offset >>> 12), (int) offset & 0xfff, size);
      }

      @Override
      public void write(long offset, int size, long value) {
        writeConfig((int) (offset >>> 12), (int) offset & 0xfff, size, (int) value);
      }
    };
  }

  private long readConfig(int place, int register, int size) {
    PciFunction function = place < table.length ? table[place] : null;
    return function == null ? -1 : function.readConfig(register, size);
  }

  private void writeConfig(int place, int register, int size, int value) {
    PciFunction function = place < table.length ? table[place] : null;
    if (function != null) {
      function.writeConfig(register, size, value);
    }
  }

  @Override
  public String name() {
    return "pci-host";
  }

  @Override
  public synchronized void reset() {
    address = 0;
    functions.values().forEach(Device::reset);
  }

  /** After {@link #reset}: the shadow RAM of {@link #programmable} was not reset. */
  public synchronized void showShadow() {
    bridge.showShadow();
  }

  @Override
  public synchronized void save(StateWriter out) {
    out.begin(name(), STATE_VERSION);
    out.writeInt(address);
    out.writeInt(functions.size());
    functions.forEach((place, function) -> {
      out.writeInt(place);
      out.writeString(function.name());
    });
    functions.values().forEach(function -> function.save(out));
    out.end();
  }

  @Override
  public synchronized void load(StateReader in) {
    int version = in.begin(name(), STATE_VERSION);
    address = in.readInt() & ADDRESS_WRITABLE;
    if (version > 1) {
      checkPlaces(in);
    }
    functions.values().forEach(function -> function.load(in));
    in.end();
  }

  /** The guest's drivers know their devices by where they are. */
  private void checkPlaces(StateReader in) {
    Map<Integer, String> saved = new TreeMap<>();
    for (int left = in.readInt(0, table.length); left > 0; left--) {
      saved.put(in.readInt(0, table.length - 1), in.readString());
    }
    Set<Integer> places = new TreeSet<>(saved.keySet());
    places.addAll(functions.keySet());
    List<String> differences = new ArrayList<>();
    for (int place : places) {
      String was = saved.getOrDefault(place, "nothing");
      String is = functions.containsKey(place) ? functions.get(place).name() : "nothing";
      if (!was.equals(is)) {
        differences.add(
            "PCI slot 00:%02x.%d had %s, here it has %s".formatted(place >> 3, place & 7, was, is));
      }
    }
    if (!differences.isEmpty()) {
      throw new StateException(String.join("; ", differences));
    }
  }

  @Override
  public synchronized void start() {
    functions.values().forEach(Device::start);
  }

  @Override
  public synchronized void pause() {
    functions.values().forEach(Device::pause);
  }

  @Override
  public synchronized void resume() {
    functions.values().forEach(Device::resume);
  }

  @Override
  public synchronized void stop() {
    functions.values().forEach(Device::stop);
  }
}
