package org.wardian.processor.software.translator;

import java.util.Arrays;

/**
 * What the translator declares of one piece of code before {@link HostVerifier} looks at it: where
 * it may go and how it uses the stack. Reused from block to block by {@link #clear}.
 */
public final class BlockRules {
  private long[] jumps = new long[16];
  private int jumpCount;
  private long[] calls = new long[4];
  private int callCount;
  private int[] entries = new int[4];
  private int entryCount;
  private int[] links = new int[4];
  private int linkCount;
  private int pushes;
  private boolean returns;
  private boolean sse = true;
  private int tlbOffset;

  /** The way out; 0 where there is none. */
  private long leave;

  private long park;

  /** Routines that never come back, and behind them those that do; kept by {@link #clear}. */
  private long[] routines = {};

  private int leaving;
  private int firstExit;

  /** For each exit the offset at which Java enters the code again, or -1. */
  private int[] again = new int[16];

  private boolean[] wakes = new boolean[16];
  private int exitCount;

  /** Rules that allow nothing but branches inside the code. */
  public BlockRules() {}

  /** Forgets everything. */
  public BlockRules clear() {
    jumpCount = 0;
    callCount = 0;
    entryCount = 0;
    linkCount = 0;
    pushes = 0;
    returns = false;
    sse = true;
    tlbOffset = 0;
    leave = 0;
    park = 0;
    exitCount = 0;
    return this;
  }

  /** Says which of several TLBs the code may use: the offset of its first entry. */
  public BlockRules tlb(int offset) {
    tlbOffset = offset;
    return this;
  }

  /** Forbids instructions with XMM registers, whose exceptions may not be masked. */
  public BlockRules withoutSse() {
    sse = false;
    return this;
  }

  /**
   * Allows jumps to {@code address}, the common way out, with the number of one of the exits in its
   * word of the state block.
   *
   * @param first number of the first {@link #exit}
   */
  public BlockRules leave(long address, int first) {
    leave = address;
    firstExit = first;
    return this;
  }

  /**
   * Allows jumps to {@code address}, a routine that comes back by a jump to R14 or takes the way
   * out: R14 must be the address at which Java may enter again after the exit whose number is set.
   */
  public BlockRules park(long address) {
    park = address;
    return this;
  }

  /**
   * Allows jumps to routines that execute an instruction or take the way out, for all blocks: the
   * number of an exit must be set. To those that come back R14 must be the address at which Java
   * may enter again after that exit, and R15 the offset of the TLB.
   *
   * @param starts their addresses
   * @param neverBack how many of them, from the first on, do not come back
   */
  public BlockRules routines(long[] starts, int neverBack) {
    routines = starts.clone();
    leaving = neverBack;
    return this;
  }

  /**
   * Declares the next exit.
   *
   * @param entry offset at which Java may enter the code again after it, or -1
   * @param wakes whether the x87 registers are live then, even if they were not
   */
  public BlockRules exit(int entry, boolean wakes) {
    if (exitCount == again.length) {
      again = Arrays.copyOf(again, 2 * exitCount);
      this.wakes = Arrays.copyOf(this.wakes, 2 * exitCount);
    }
    again[exitCount] = entry;
    this.wakes[exitCount++] = wakes;
    return entry < 0 ? this : entry(entry);
  }

  /** Declares that the 4 bytes at {@code offset}, a branch's displacement, may be patched. */
  public BlockRules link(int offset) {
    if (linkCount == links.length) {
      links = Arrays.copyOf(links, 2 * linkCount);
    }
    links[linkCount++] = offset;
    return this;
  }

  /** Allows jumps to {@code address}: an exit stub or another verified block. */
  public BlockRules jump(long address) {
    if (jumpCount == jumps.length) {
      jumps = Arrays.copyOf(jumps, 2 * jumpCount);
    }
    jumps[jumpCount++] = address;
    return this;
  }

  /** Allows calls to {@code address}, which preserves RBP and RSP and keeps DF clear. */
  public BlockRules call(long address) {
    if (callCount == calls.length) {
      calls = Arrays.copyOf(calls, 2 * callCount);
    }
    calls[callCount++] = address;
    return this;
  }

  /** Declares that others enter at {@code offset} too, not only at the first byte. */
  public BlockRules entry(int offset) {
    if (entryCount == entries.length) {
      entries = Arrays.copyOf(entries, 2 * entryCount);
    }
    entries[entryCount++] = offset;
    return this;
  }

  /** Allows up to {@code count} (at most 64) values on the stack at a time; by default none. */
  public BlockRules pushes(int count) {
    if (count > HostVerifier.MAX_PUSHES) {
      throw new IllegalArgumentException(count + " values on the stack");
    }
    pushes = count;
    return this;
  }

  /** Allows RET where the stack is as it was at the entry. */
  public BlockRules returns() {
    returns = true;
    return this;
  }

  boolean mayJump(long address) {
    for (int i = 0; i < jumpCount; i++) {
      if (jumps[i] == address) {
        return true;
      }
    }
    return false;
  }

  int tlbOffset() {
    return tlbOffset;
  }

  boolean mayUseSse() {
    return sse;
  }

  boolean isLeave(long address) {
    return address == leave && leave != 0;
  }

  boolean isPark(long address) {
    return address == park && park != 0;
  }

  /** Whether {@code address} is that of a routine. */
  boolean isRoutine(long address) {
    for (long routine : routines) {
      if (routine == address) {
        return true;
      }
    }
    return false;
  }

  /** Whether the routine at {@code address} comes back. */
  boolean comesBack(long address) {
    for (int n = leaving; n < routines.length; n++) {
      if (routines[n] == address) {
        return true;
      }
    }
    return false;
  }

  /** Whether {@code number} is one of this code's exits. */
  boolean isExit(int number) {
    return number >= firstExit && number - firstExit < exitCount;
  }

  /** Offset at which the code is entered again after exit {@code number}, or -1. */
  int again(int number) {
    return again[number - firstExit];
  }

  boolean wakes(int number) {
    return wakes[number - firstExit];
  }

  int linkCount() {
    return linkCount;
  }

  int linkAt(int i) {
    return links[i];
  }

  boolean mayCall(long address) {
    for (int i = 0; i < callCount; i++) {
      if (calls[i] == address) {
        return true;
      }
    }
    return false;
  }

  int entryCount() {
    return entryCount;
  }

  int entryAt(int i) {
    return entries[i];
  }

  int maximumPushes() {
    return pushes;
  }

  boolean mayReturn() {
    return returns;
  }
}
