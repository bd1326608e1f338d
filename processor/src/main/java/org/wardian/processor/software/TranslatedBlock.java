package org.wardian.processor.software;

import java.util.ArrayList;
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

  /** Host address of its code. */
  long host;

  /** Whether its page was written since. */
  boolean dead;

  /** The next block of the same page. */
  TranslatedBlock nextOfPage;

  /** The next block of the same slot of {@link BlockTable}. */
  TranslatedBlock nextOfSlot;

  /** Its own links: where the displacement is written and executed, and the stub. */
  private final long[] linkWrite = new long[2];

  private final long[] linkRun = new long[2];
  private final long[] linkStub = new long[2];
  private final TranslatedBlock[] linkTo = new TranslatedBlock[2];

  /** Blocks with a link to this one. */
  private final List<TranslatedBlock> incoming = new ArrayList<>(2);

  TranslatedBlock(long rip, long physical, int mode, int from, int to) {
    this.rip = rip;
    this.physical = physical;
    this.mode = mode;
    this.from = from;
    this.to = to;
  }

  /** Notes where link {@code k} is, and where it leads while it leads nowhere. */
  void stub(int k, long write, long run, long stub) {
    linkWrite[k] = write;
    linkRun[k] = run;
    linkStub[k] = stub;
  }

  /** Leads the link with its displacement at {@code run} to {@code target}. */
  void link(long run, TranslatedBlock target) {
    for (int k = 0; k < linkRun.length; k++) {
      if (linkRun[k] == run) {
        HostAssembler.patch(linkWrite[k], run, target.host);
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
