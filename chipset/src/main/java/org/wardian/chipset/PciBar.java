package org.wardian.chipset;

import org.wardian.bus.IoBus;
import org.wardian.bus.IoHandler;

/**
 * A base address register (PCI Local Bus 3.0 §6.2.5). Where the guest puts the window beyond the
 * address space, at zero, or over another one, it is not mapped at all: a real bus would have two
 * devices answer. Guarded by the monitor of its function.
 */
final class PciBar {
  /** What a base address register decodes. */
  enum Space {
    IO,
    MEMORY_32,
    MEMORY_64
  }

  private static final int FIRST = 0x10;
  private static final int TYPE_IO = 0x1;
  private static final int TYPE_64_PREFETCHABLE = 0xc;

  private final PciFunction function;
  private final int index;
  private final long size;
  private final Space space;
  private final IoHandler handler;
  private IoBus bus;
  private IoBus.Mapping mapping;
  private long mappedAt;

  PciBar(PciFunction function, int index, long size, Space space, IoHandler handler) {
    int last = space == Space.MEMORY_64 ? 4 : 5;
    long least = space == Space.IO ? 4 : 16;
    long most = space == Space.IO ? 256 : space == Space.MEMORY_32 ? 1L << 31 : 1L << 40;
    if (index < 0 || index > last || size < least || size > most || Long.bitCount(size) != 1) {
      throw new IllegalArgumentException(
          "%s: BAR %d of 0x%x bytes".formatted(function.name(), index, size));
    }
    this.function = function;
    this.index = index;
    this.size = size;
    this.space = space;
    this.handler = handler;
  }

  int index() {
    return index;
  }

  private int offset() {
    return FIRST + 4 * index;
  }

  void declare() {
    long mask = -size;
    switch (space) {
      case IO -> function.setConfig(offset(), 4, TYPE_IO);
      case MEMORY_32 -> function.setConfig(offset(), 4, 0);
      case MEMORY_64 -> {
        function.setConfig(offset(), 4, TYPE_64_PREFETCHABLE);
        function.allow(offset() + 4, 4, (int) (mask >>> 32));
      }
    }
    function.allow(offset(), 4, (int) mask);
  }

  void attach(IoBus ports, IoBus memory) {
    bus = space == Space.IO ? ports : memory;
  }

  /** Follows the register and the command register's decode bits. */
  void update(int command) {
    int decode = space == Space.IO ? PciFunction.COMMAND_IO : PciFunction.COMMAND_MEMORY;
    long base = base();
    if (bus == null || (command & decode) == 0 || !fits(base)) {
      unmap();
    } else if (mapping == null || mappedAt != base) {
      unmap();
      try {
        mapping = bus.map(base, size, handler);
        mappedAt = base;
      } catch (IllegalArgumentException e) {
        mapping = null; // over another window
      }
    }
  }

  private long base() {
    long low = Integer.toUnsignedLong(function.config(offset(), 4));
    if (space == Space.MEMORY_64) {
      low |= (long) function.config(offset() + 4, 4) << 32;
    }
    return low & -size;
  }

  private boolean fits(long base) {
    long last = base + size - 1;
    return base != 0
        && switch (space) {
          case IO -> last <= 0xffff;
          // A guest that sizes a register writes all ones: the topmost window is never meant.
          case MEMORY_32 -> last < 0xffffffffL;
          case MEMORY_64 -> last != 0xffffffffL && last >>> 52 == 0;
        };
  }

  /** The window's address, or 0 where it is not mapped. */
  long mappedAt() {
    return mapping == null ? 0 : mappedAt;
  }

  private void unmap() {
    if (mapping != null) {
      mapping.unmap();
      mapping = null;
    }
  }
}
