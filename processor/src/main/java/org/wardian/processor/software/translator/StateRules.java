package org.wardian.processor.software.translator;

import java.util.Arrays;

/**
 * What emitted code may do with the state block: byte ranges relative to RBP, which holds its
 * address, a multiple of 64. The same for all blocks of a processor; filled once, before the first
 * {@link HostVerifier} uses it.
 */
public final class StateRules {
  private long[] readable = {};
  private long[] writable = {};
  private long[] codePointers = {};
  private long[] controlWords = {};
  private long[] x87Words = {};
  private long[] slots = {};
  private long[] shared = {};

  /** Offsets below this have their answers in tables. */
  static final int NEAR = 0x800;

  /** How many bytes from an offset on may be read, and written plainly, up to 255. */
  private final short[] readableBytes = new short[NEAR];

  private final short[] writableBytes = new short[NEAR];

  // The TLB; entry size 0 where there is none.
  int tlbOffset;
  int tlbMask;
  int entrySize;
  int readTag;
  int writeTag;
  int addend;

  /** Last of several TLBs, one behind the other. */
  private long tlbEnd;

  /** The table of jump targets; mask 0 where there is none. */
  int jumps;

  int jumpMask;
  int jumpKey = Integer.MIN_VALUE;

  /** Words with a meaning of their own; negative where there is none. */
  int held = Integer.MIN_VALUE;

  int liveness = Integer.MIN_VALUE;
  int exitNumber = Integer.MIN_VALUE;
  int constant = Integer.MIN_VALUE;

  /** Stores to {@link #constant} are of numbers from 0 to below this. */
  int constantEnd;

  /** Rules that allow nothing. */
  public StateRules() {}

  private static long[] with(long[] ranges, long from, long to) {
    if (from >= to) {
      throw new IllegalArgumentException("range " + from + " to " + to);
    }
    long[] longer = Arrays.copyOf(ranges, ranges.length + 2);
    longer[ranges.length] = from;
    longer[ranges.length + 1] = to;
    return longer;
  }

  private static boolean contains(long[] ranges, long from, long to) {
    for (int i = 0; i < ranges.length; i += 2) {
      if (from >= ranges[i] && to <= ranges[i + 1] && from < to) {
        return true;
      }
    }
    return false;
  }

  /** Allows loads from {@code from} (included) to {@code to} (excluded). */
  public StateRules readable(long from, long to) {
    readable = with(readable, from, to);
    return this;
  }

  /** Allows loads and stores. */
  public StateRules writable(long from, long to) {
    readable = with(readable, from, to);
    writable = with(writable, from, to);
    return this;
  }

  /** Says that other threads store here at any time: two loads may differ. Allows nothing. */
  public StateRules shared(long from, long to) {
    shared = with(shared, from, to);
    return this;
  }

  /**
   * Allows loads of 8-byte addresses that only Java writes: entries of verified code, at multiples
   * of 8 from {@code from} on. Indirect jumps and calls go nowhere else.
   */
  public StateRules codePointers(long from, long to) {
    readable = with(readable, from, to);
    codePointers = with(codePointers, from, to);
    return this;
  }

  /** Allows FLDCW from here: 2-byte words as those of {@link #controlWords}. */
  public StateRules x87ControlWords(long from, long to) {
    readable = with(readable, from, to);
    x87Words = with(x87Words, from, to);
    return this;
  }

  /**
   * Allows LDMXCSR and FXRSTOR from here: only Java writes it, and never a value with reserved bits
   * or an unmasked exception.
   */
  public StateRules controlWords(long from, long to) {
    readable = with(readable, from, to);
    controlWords = with(controlWords, from, to);
    return this;
  }

  /**
   * Declares the TLB, which only Java writes. The entry of a guest address is at {@code (address
   * >>> 12) % entries}. An entry's tag is the address of a page that has this entry; one that must
   * match nothing has one of its low 12 bits set. The addend is what makes a guest address of that
   * page a host address, and a multiple of 4096.
   *
   * @param offset of the first entry
   * @param entries a power of two
   * @param size of an entry in bytes, a power of two
   * @param readTag offset in the entry of the tag for loads
   * @param writeTag offset in the entry of the tag for stores (a page that may be stored to may be
   *     loaded from)
   * @param addend offset in the entry of the addend
   */
  public StateRules tlb(int offset, int entries, int size, int readTag, int writeTag, int addend) {
    if (Integer.bitCount(entries) != 1 || Integer.bitCount(size) != 1 || size < 24) {
      throw new IllegalArgumentException("TLB of " + entries + " entries of " + size);
    }
    this.tlbOffset = offset;
    this.tlbMask = (entries - 1) * size;
    this.entrySize = size;
    this.readTag = readTag;
    this.writeTag = writeTag;
    this.addend = addend;
    this.tlbEnd = offset + (long) entries * size;
    readable = with(readable, offset, tlbEnd);
    return this;
  }

  /** Declares that {@code count} TLBs follow each other; a block uses one: {@link BlockRules}. */
  public StateRules tlbs(int count) {
    tlbEnd = tlbOffset + (long) count * (tlbMask + entrySize);
    readable = with(readable, tlbOffset, tlbEnd);
    return this;
  }

  /**
   * Declares the table of jump targets, which only Java writes: entries of 16 bytes, first {@code
   * target ^ key}, then the address of verified code. The entry of a target is the one whose number
   * its low bits are, and an entry that is empty matches no target whatever the key is.
   *
   * @param offset of the first entry
   * @param entries a power of two
   * @param key offset of the 8-byte word that holds the key
   */
  public StateRules jumpTable(int offset, int entries, int key) {
    if (Integer.bitCount(entries) != 1) {
      throw new IllegalArgumentException(entries + " jump targets");
    }
    this.jumps = offset;
    this.jumpMask = entries - 1;
    this.jumpKey = key;
    readable = with(readable, offset, offset + 16L * entries);
    readable = with(readable, key, key + 8L);
    return this;
  }

  /** Allows to keep a code address, and nothing else, at {@code offset}, and to jump there. */
  public StateRules heldTarget(int offset) {
    held = offset;
    readable = with(readable, offset, offset + 8L);
    return this;
  }

  /** A 4-byte word to which only constants from 0 to {@code end - 1} are stored. */
  public StateRules constants(int offset, int end) {
    constant = offset;
    constantEnd = end;
    readable = with(readable, offset, offset + 4L);
    return this;
  }

  /** The 4-byte word that is not 0 while the host's x87 registers are the guest's. */
  public StateRules liveness(int offset) {
    liveness = offset;
    readable = with(readable, offset, offset + 4L);
    return this;
  }

  /** The 4-byte word that says on the way out which exit was taken. */
  public StateRules exitNumber(int offset) {
    exitNumber = offset;
    return writable(offset, offset + 4L);
  }

  /**
   * Declares one more entry, of the TLB's layout, at a fixed offset: a last-page slot. Any address
   * may be compared with it, so that even an empty slot matches some page: its addend must make a
   * host address of that page that may be accessed, such as a scratch page.
   */
  public StateRules slot(int offset) {
    slots = with(slots, offset, offset + (long) entrySize);
    readable = with(readable, offset, offset + (long) entrySize);
    return this;
  }

  private void tabulate() {
    for (int at = NEAR - 1; at >= 0; at--) {
      boolean read = mayRead(at, at + 1);
      boolean write = mayWrite(at, at + 1);
      boolean last = at == NEAR - 1;
      readableBytes[at] = (short) (!read ? 0 : last ? 1 : readableBytes[at + 1] + 1);
      writableBytes[at] = (short) (!write ? 0 : last ? 1 : writableBytes[at + 1] + 1);
    }
    for (int at = 0; at < NEAR; at++) {
      // What has a meaning of its own is no plain word.
      boolean special =
          overlaps(shared, at, at + 1)
              || overlaps(codePointers, at, at + 1)
              || inside(at, jumpKey, 8)
              || inside(at, held, 8)
              || inside(at, constant, 4)
              || inside(at, exitNumber, 4);
      for (int before = at; special && before >= 0 && before > at - 16; before--) {
        readableBytes[before] = (short) Math.min(readableBytes[before], at - before);
        writableBytes[before] = (short) Math.min(writableBytes[before], at - before);
      }
    }
  }

  private static boolean inside(int at, int offset, int size) {
    return at >= offset && at < offset + size;
  }

  /** Whether {@code size} bytes, at most 16, at an offset are plain words that may be read. */
  boolean isPlainRead(long offset, int size) {
    return offset >= 0 && offset < NEAR && readableBytes[(int) offset] >= size;
  }

  boolean isPlainWrite(long offset, int size) {
    return offset >= 0 && offset < NEAR && writableBytes[(int) offset] >= size;
  }

  /** Throws if something that only Java writes is writable. */
  void check() {
    tabulate();
    for (int i = 0; i < writable.length; i += 2) {
      long from = writable[i];
      long to = writable[i + 1];
      if (overlaps(codePointers, from, to)
          || overlaps(controlWords, from, to)
          || overlaps(x87Words, from, to)
          || overlaps(slots, from, to)
          || entrySize != 0 && from < tlbEnd && tlbOffset < to
          || jumpMask != 0 && from < jumps + 16L * jumpMask + 16 && jumps < to
          || from < jumpKey + 8L && jumpKey < to
          || from < held + 8L && held < to
          || from < constant + 4L && constant < to
          || from < liveness + 4L && liveness < to) {
        throw new IllegalArgumentException("writable: what only Java writes, at " + from);
      }
    }
  }

  private static boolean overlaps(long[] ranges, long from, long to) {
    for (int i = 0; i < ranges.length; i += 2) {
      if (from < ranges[i + 1] && ranges[i] < to) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether emitted code may change bytes of the state block, some of them in certain ways only.
   */
  public boolean mayChange(long from, long to) {
    return mayWrite(from, to)
        || overlaps(new long[] {held, held + 8L, constant, constant + 4L}, from, to);
  }

  boolean isShared(long from, long to) {
    return overlaps(shared, from, to);
  }

  boolean mayRead(long from, long to) {
    return contains(readable, from, to);
  }

  boolean mayWrite(long from, long to) {
    return contains(writable, from, to);
  }

  /** Whether loads of {@code size} bytes that lie that far apart yield control words. */
  boolean isControlWord(long from, long to, int size) {
    long[] words = size == 2 ? x87Words : controlWords;
    for (int i = 0; i < words.length; i += 2) {
      if (from >= words[i] && to <= words[i + 1] && from < to) {
        return (from - words[i] & size - 1) == 0;
      }
    }
    return false;
  }

  /** Whether 8-byte loads from {@code from} to {@code to}, 8 bytes apart, yield code addresses. */
  boolean isCodePointer(long from, long to) {
    for (int i = 0; i < codePointers.length; i += 2) {
      if (from >= codePointers[i] && to <= codePointers[i + 1] && from < to) {
        return (from - codePointers[i] & 7) == 0;
      }
    }
    return false;
  }

  /** Offset of the slot that contains {@code offset}, or -1 (slots lie at positive offsets). */
  long slotOf(long offset) {
    for (int i = 0; i < slots.length; i += 2) {
      if (offset >= slots[i] && offset < slots[i + 1]) {
        return slots[i];
      }
    }
    return -1;
  }
}
