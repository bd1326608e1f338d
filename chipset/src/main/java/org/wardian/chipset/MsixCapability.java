package org.wardian.chipset;

import java.util.Arrays;
import org.wardian.bus.IoHandler;
import org.wardian.bus.MessageInterrupts;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;

/**
 * The MSI-X capability (PCI Local Bus 3.0 §6.8.2). As an {@link IoHandler} it is the window with
 * the vector table in its lower half and the pending bits in its upper half. Guarded by the monitor
 * of its function.
 */
public final class MsixCapability implements IoHandler {
  private static final int ID = 0x11;
  private static final int LENGTH = 12;
  private static final int MOST_VECTORS = 2048;
  private static final int SMALLEST_BAR = 4096;

  private static final int CONTROL = 2;
  private static final int TABLE = 4;
  private static final int PENDING = 8;
  private static final int CONTROL_ENABLE = 0x8000;
  private static final int CONTROL_MASK_ALL = 0x4000;

  private static final int ENTRY_WORDS = 4;
  private static final int DATA_WORD = 2;
  private static final int CONTROL_WORD = 3;
  private static final int MASKED = 1;

  private final PciFunction function;
  private final int offset;
  private final int vectors;
  private final int[] table;
  private final int[] pending;
  private MessageInterrupts messages = (address, data) -> {};

  MsixCapability(PciFunction function, int vectors, int bar) {
    if (vectors < 1 || vectors > MOST_VECTORS) {
      throw new IllegalArgumentException(function.name() + ": " + vectors + " MSI-X vectors");
    }
    this.function = function;
    this.vectors = vectors;
    this.table = new int[ENTRY_WORDS * vectors];
    this.pending = new int[(vectors + 63) / 64 * 2];
    this.offset = function.addCapability(ID, LENGTH);
    function.setConfig(offset + CONTROL, 2, vectors - 1);
    function.allow(offset + CONTROL, 2, CONTROL_ENABLE | CONTROL_MASK_ALL);
    function.setConfig(offset + TABLE, 4, bar);
    function.setConfig(offset + PENDING, 4, (int) barLength() / 2 | bar);
    reset();
  }

  void attach(MessageInterrupts destination) {
    messages = destination;
  }

  /** Bytes of the window, a power of two. */
  long barLength() {
    long half = Long.highestOneBit(2L * 4 * ENTRY_WORDS * vectors - 1);
    return Math.max(SMALLEST_BAR, 2 * half);
  }

  void reset() {
    Arrays.fill(table, 0);
    Arrays.fill(pending, 0);
    for (int vector = 0; vector < vectors; vector++) {
      table[ENTRY_WORDS * vector + CONTROL_WORD] = MASKED;
    }
  }

  /** Whether the guest has enabled MSI-X, so that INTx and MSI are not to be used. Any thread. */
  public boolean enabled() {
    return (function.config(offset + CONTROL, 2) & CONTROL_ENABLE) != 0;
  }

  /**
   * Sends an interrupt, or keeps it pending while it is masked. Nothing happens while MSI-X is off
   * or the function is no bus master. Any thread.
   *
   * @throws IllegalArgumentException if there is no such vector
   */
  public void send(int vector) {
    if (vector < 0 || vector >= vectors) {
      throw new IllegalArgumentException(function.name() + " has no MSI-X vector " + vector);
    }
    synchronized (function) {
      if (!enabled()) {
        return;
      }
      if (masked(vector)) {
        pending[vector >> 5] |= 1 << vector;
      } else {
        deliver(vector);
      }
    }
  }

  private boolean masked(int vector) {
    return (function.config(offset + CONTROL, 2) & CONTROL_MASK_ALL) != 0
        || (table[ENTRY_WORDS * vector + CONTROL_WORD] & MASKED) != 0;
  }

  private void deliver(int vector) {
    if (function.busMaster()) {
      int entry = ENTRY_WORDS * vector;
      long address = Integer.toUnsignedLong(table[entry]) | (long) table[entry + 1] << 32;
      messages.send(address, table[entry + DATA_WORD]);
    }
  }

  /** Sends what is pending and no longer masked. */
  void sendUnmasked() {
    if (!enabled()) {
      return;
    }
    for (int word = 0; word < pending.length; word++) {
      for (int bits = pending[word]; bits != 0; bits &= bits - 1) {
        int vector = 32 * word + Integer.numberOfTrailingZeros(bits);
        if (!masked(vector)) {
          pending[word] &= ~(bits & -bits);
          deliver(vector);
        }
      }
    }
  }

  @Override
  public int widest() {
    return 8;
  }

  @Override
  public long read(long at, int size) {
    synchronized (function) {
      long low = Integer.toUnsignedLong(word(at & ~3L));
      return size == 8 ? low | (long) word((at & ~3L) + 4) << 32 : low >>> (8 * (at & 3));
    }
  }

  private int word(long at) {
    long half = barLength() / 2;
    int[] words = at < half ? table : pending;
    int index = (int) ((at < half ? at : at - half) >> 2);
    return index < words.length ? words[index] : 0;
  }

  /** The table takes aligned accesses of 4 and 8 bytes; the pending bits are read-only. */
  @Override
  public void write(long at, int size, long value) {
    if (size < 4 || (at & 3) != 0) {
      return;
    }
    synchronized (function) {
      for (int i = 0; i < size / 4; i++) {
        int index = (int) (at >> 2) + i;
        if (index < table.length) {
          int word = (int) (value >>> (32 * i));
          boolean control = index % ENTRY_WORDS == CONTROL_WORD;
          table[index] = control ? word & MASKED : index % ENTRY_WORDS == 0 ? word & ~3 : word;
        }
      }
      sendUnmasked();
    }
  }

  void save(StateWriter out) {
    out.writeInts(table);
    out.writeInts(pending);
  }

  void load(StateReader in) {
    in.readInts(table);
    in.readInts(pending);
    if (vectors % 64 != 0) {
      int last = pending.length - 2;
      long valid = (1L << vectors) - 1;
      pending[last] &= (int) valid;
      pending[last + 1] &= (int) (valid >>> 32);
    }
  }
}
