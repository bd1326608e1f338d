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
  private int pushes;
  private boolean returns;

  /** Rules that allow nothing but branches inside the code. */
  public BlockRules() {}

  /** Forgets everything. */
  public BlockRules clear() {
    jumpCount = 0;
    callCount = 0;
    entryCount = 0;
    pushes = 0;
    returns = false;
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
