package org.wardian.processor.software;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.wardian.processor.software.translator.HostAssembler;

/** Host code of one guest block. */
final class TranslatedBlock {
  /** Linear address of its first instruction. */
  final long rip;

  /** Guest-physical address of its page. */
  final long physical;

  /** Index of the TLB's table that it uses, and whether it may hold SSE instructions. */
  final int mode;

  /** First byte in the page, and the first behind the block. */
  final int from;

  final int to;

  /**
   * Copy of the bytes at its start that write all status flags before anybody can see them, or
   * null. Until they were executed the flags may be wrong: what led here may have left none.
   */
  byte[] settling;

  /** Bytes of other code in the page that it counts on: {@link GuestBlock#looked}. */
  private int[] looked = NOTHING;

  private static final int[] NOTHING = new int[0];

  /** Host address of its code, for jumps. */
  long host;

  /** Host address of its code for Java: the same, but for {@link Lockstep}. */
  long enter;

  /**
   * Host address for links from the same page: that of its code, or where it crosses into another
   * page and depends on more of the mapping than they do, of what looks it up first.
   */
  long entry;

  /** Where it crosses into another page, what stands for it there; otherwise null. */
  TranslatedBlock tail;

  /** Of a tail: the block itself. */
  TranslatedBlock head;

  /** Whether its page was written since. */
  boolean dead;

  /** The next block of the same page. */
  TranslatedBlock nextOfPage;

  /** The next block of the same slot of {@link BlockTable}. */
  TranslatedBlock nextOfSlot;

  /** Its own links: where the displacement is written and executed, and the stub. */
  private long[] linkWrite = NONE;

  private long[] linkRun = NONE;
  private long[] linkStub = NONE;
  private TranslatedBlock[] linkTo = {};
  private static final long[] NONE = {};

  /** Blocks with a link to this one. */
  private final List<TranslatedBlock> incoming = new ArrayList<>(2);

  TranslatedBlock(long rip, long physical, int mode, int from, int to) {
    this.rip = rip;
    this.physical = physical;
    this.mode = mode;
    this.from = from;
    this.to = to;
  }

  /** Notes what else than its own bytes it counts on. */
  void countsOn(GuestBlock guest) {
    looked = Arrays.copyOf(guest.looked, guest.lookedCount);
  }

  /** Whether a write to bytes {@code start} to {@code end} - 1 of the page ends it. */
  boolean counts(int start, int end) {
    boolean touched = from < end && start < to;
    for (int n = 0; n < looked.length; n += 2) {
      touched |= looked[n] < end && start < looked[n + 1];
    }
    return touched;
  }

  /** Makes room for {@code count} links. */
  void links(int count) {
    linkWrite = new long[count];
    linkRun = new long[count];
    linkStub = new long[count];
    linkTo = new TranslatedBlock[count];
  }

  /** Notes where link {@code k} is, and where it leads while it leads nowhere. */
  void stub(int k, long write, long run, long stub) {
    linkWrite[k] = write;
    linkRun[k] = run;
    linkStub[k] = stub;
  }

  /** How many links it has. */
  int links() {
    return linkRun.length;
  }

  /** Address of the displacement of link {@code k}. */
  long linkAt(int k) {
    return linkRun[k];
  }

  /** Leads the link with its displacement at {@code run} to {@code target}. */
  void link(long run, TranslatedBlock target) {
    for (int k = 0; k < linkRun.length; k++) {
      if (linkRun[k] == run) {
        HostAssembler.patch(linkWrite[k], run, target.entry);
        linkTo[k] = target;
        target.incoming.add(this);
      }
    }
  }

  /** Nobody may enter this block any more. */
  void die() {
    dead = true;
    for (TranslatedBlock from : incoming) {
      for (int k = 0; k < from.linkTo.length; k++) {
        if (from.linkTo[k] == this) {
          from.linkTo[k] = null;
          HostAssembler.patch(from.linkWrite[k], from.linkRun[k], from.linkStub[k]);
        }
      }
    }
    incoming.clear();
    for (TranslatedBlock target : linkTo) {
      if (target != null) {
        target.incoming.remove(this);
      }
    }
  }
}
