package org.wardian.virtio.queue;

import org.wardian.memory.GuestMemory;
import org.wardian.memory.MemoryLoan;

/**
 * Turns descriptors of one queue into chains. Each descriptor is read once: what the guest changes
 * afterwards has no effect. One thread at a time.
 */
final class ChainBuilder {
  /** Bytes of a descriptor, in both forms of a queue. */
  static final int DESCRIPTOR = 16;

  /** VIRTQ_DESC_F_NEXT. */
  static final int NEXT = 1;

  /** VIRTQ_DESC_F_WRITE. */
  static final int WRITE = 2;

  /** VIRTQ_DESC_F_INDIRECT. */
  static final int INDIRECT = 4;

  private final GuestMemory memory;
  private final boolean indirect;

  /** The indirect table at hand, copied once: what a guest offers is 16 KiB at most. */
  private long[] table = new long[2];

  /**
   * @param indirect whether a descriptor may stand for a table
   */
  ChainBuilder(GuestMemory memory, boolean indirect) {
    this.memory = memory;
    this.indirect = indirect;
  }

  /**
   * The chain of a split queue.
   *
   * @param ring the descriptor table
   * @param size of the ring, in descriptors
   * @param head index of the first descriptor
   */
  DescriptorChain split(MemoryLoan ring, int size, int head) {
    DescriptorChain chain = new DescriptorChain(memory, head, 1);
    try {
      linked(chain, ring, size, head);
      return chain;
    } catch (QueueViolation e) {
      chain.close();
      throw e;
    }
  }

  /** Follows links within the ring; no chain is longer than its table, so that loops end. */
  private void linked(DescriptorChain chain, MemoryLoan ring, int size, int head) {
    int index = head;
    for (int count = 0; ; count++) {
      check(index, count, size);
      long address = ring.getLong(index * DESCRIPTOR);
      long rest = ring.getLong(index * DESCRIPTOR + 8);
      int flags = flags(rest);
      if ((flags & INDIRECT) != 0) {
        requireTable(flags);
        linkedTable(chain, readTable(address, length(rest)));
        return;
      }
      add(chain, address, length(rest), flags);
      if ((flags & NEXT) == 0) {
        return;
      }
      index = next(rest);
    }
  }

  private void linkedTable(DescriptorChain chain, int size) {
    int index = 0;
    for (int count = 0; ; count++) {
      check(index, count, size);
      long rest = table[2 * index + 1];
      int flags = flags(rest);
      if ((flags & INDIRECT) != 0) {
        // Forbidden (§2.7.5.3.1).
        throw new QueueViolation("a table within a table");
      }
      add(chain, table[2 * index], length(rest), flags);
      if ((flags & NEXT) == 0) {
        return;
      }
      index = next(rest);
    }
  }

  private static void check(int index, int count, int size) {
    if (index >= size) {
      throw new QueueViolation("descriptor " + index + " of a table of " + size);
    }
    if (count >= size) {
      throw new QueueViolation("a chain longer than its table of " + size);
    }
  }

  private static long length(long rest) {
    return rest & 0xffff_ffffL;
  }

  private static int flags(long rest) {
    return (int) (rest >>> 32) & 0xffff;
  }

  private static int next(long rest) {
    return (int) (rest >>> 48);
  }

  private static void add(DescriptorChain chain, long address, long length, int flags) {
    if (length != 0) {
      chain.add(address, length, (flags & WRITE) != 0);
    }
  }

  private void requireTable(int flags) {
    if (!indirect || (flags & NEXT) != 0) {
      throw new QueueViolation("a descriptor with flags 0x%x".formatted(flags));
    }
  }

  /** Copies a table; returns its size in descriptors. */
  private int readTable(long address, long length) {
    if (length == 0
        || length % DESCRIPTOR != 0
        || length > (long) DescriptorChain.MOST_DESCRIPTORS * DESCRIPTOR) {
      throw new QueueViolation("an indirect table of " + length + " bytes");
    }
    int words = (int) length / Long.BYTES;
    if (words > table.length) {
      table = new long[words];
    }
    try {
      memory.read(address, table, words);
    } catch (IndexOutOfBoundsException e) {
      throw new QueueViolation(e.getMessage());
    }
    return words / 2;
  }

  /**
   * Adds one descriptor of a packed ring, which may stand for a table (§2.8.7); there the flags are
   * WRITE alone, and order is the table's.
   */
  void packed(DescriptorChain chain, long address, long length, int flags) {
    if ((flags & INDIRECT) == 0) {
      add(chain, address, length, flags);
      return;
    }
    requireTable(flags);
    int size = readTable(address, length);
    for (int i = 0; i < size; i++) {
      long rest = table[2 * i + 1];
      int inner = next(rest);
      if ((inner & INDIRECT) != 0) {
        throw new QueueViolation("a table within a table");
      }
      add(chain, table[2 * i], length(rest), inner);
    }
  }
}
