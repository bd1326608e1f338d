package org.wardian.virtio.queue;

import org.wardian.memory.GuestMemory;
import org.wardian.memory.MemoryLoan;

/**
 * Turns descriptors into a chain. Each descriptor is read once: what the guest changes afterwards
 * has no effect.
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

  private ChainBuilder() {}

  /**
   * The chain of a split queue.
   *
   * @param table the descriptor table
   * @param head index of the first descriptor
   */
  static DescriptorChain split(
      GuestMemory memory, MemoryLoan table, int size, int head, boolean indirect) {
    DescriptorChain chain = new DescriptorChain(head, 1);
    try {
      linked(chain, memory, table, size, head, indirect);
      return chain;
    } catch (QueueViolation e) {
      chain.close();
      throw e;
    }
  }

  /** Follows links within a table; no chain is longer than its table, so that loops end. */
  private static void linked(
      DescriptorChain chain,
      GuestMemory memory,
      MemoryLoan table,
      int size,
      int head,
      boolean indirect) {
    int index = head;
    for (int count = 0; ; count++) {
      if (index >= size) {
        throw new QueueViolation("descriptor " + index + " of a table of " + size);
      }
      if (count >= size) {
        throw new QueueViolation("a chain longer than its table of " + size);
      }
      long address = table.getLong(index * DESCRIPTOR);
      long rest = table.getLong(index * DESCRIPTOR + 8);
      long length = rest & 0xffff_ffffL;
      int flags = (int) (rest >>> 32) & 0xffff;
      if ((flags & INDIRECT) != 0) {
        if (!indirect || (flags & NEXT) != 0) {
          throw new QueueViolation("a descriptor with flags 0x%x".formatted(flags));
        }
        try (MemoryLoan inner = table(memory, address, length)) {
          // Tables within tables are forbidden (§2.7.5.3.1).
          linked(chain, memory, inner, inner.length() / DESCRIPTOR, 0, false);
        }
        return;
      }
      add(chain, memory, address, length, flags);
      if ((flags & NEXT) == 0) {
        return;
      }
      index = (int) (rest >>> 48);
    }
  }

  private static void add(
      DescriptorChain chain, GuestMemory memory, long address, long length, int flags) {
    if (length != 0) {
      chain.add(memory, address, length, (flags & WRITE) != 0);
    }
  }

  private static MemoryLoan table(GuestMemory memory, long address, long length) {
    if (length == 0
        || length % DESCRIPTOR != 0
        || length > (long) DescriptorChain.MOST_DESCRIPTORS * DESCRIPTOR) {
      throw new QueueViolation("an indirect table of " + length + " bytes");
    }
    return DescriptorChain.lend(memory, address, (int) length, false);
  }

  /**
   * Adds one descriptor of a packed ring, which may stand for a table (§2.8.7); there the flags are
   * WRITE alone, and order is the table's.
   */
  static void packed(
      DescriptorChain chain,
      GuestMemory memory,
      long address,
      long length,
      int flags,
      boolean indirect) {
    if ((flags & INDIRECT) == 0) {
      add(chain, memory, address, length, flags);
      return;
    }
    if (!indirect || (flags & NEXT) != 0) {
      throw new QueueViolation("a descriptor with flags 0x%x".formatted(flags));
    }
    try (MemoryLoan table = table(memory, address, length)) {
      for (int at = 0; at < table.length(); at += DESCRIPTOR) {
        long rest = table.getLong(at + 8);
        int inner = (int) (rest >>> 48);
        if ((inner & INDIRECT) != 0) {
          throw new QueueViolation("a table within a table");
        }
        add(chain, memory, table.getLong(at), rest & 0xffff_ffffL, inner);
      }
    }
  }
}
