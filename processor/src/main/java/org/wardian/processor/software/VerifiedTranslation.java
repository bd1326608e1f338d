package org.wardian.processor.software;

import static java.lang.System.Logger.Level.ERROR;

import java.util.HexFormat;
import org.wardian.memory.RawMemory;
import org.wardian.processor.software.translator.BlockRules;
import org.wardian.processor.software.translator.HostVerifier;
import org.wardian.processor.software.translator.StateRules;
import org.wardian.x86.StateLayout;

/**
 * Has {@link HostVerifier} look at each block before anything can enter it, by the rules that
 * follow from {@link HostState} and from what the block's exits say.
 *
 * <p>System property {@code wardian.translator.verify}: {@code on} (the default; a block that is
 * refused is interpreted, and the first one is logged), {@code fail} (a refusal ends the processor:
 * for tests) or {@code off}.
 */
final class VerifiedTranslation {
  /** What happens with blocks that are refused. */
  private enum Policy {
    OFF,
    INTERPRET,
    FAIL
  }

  private static final String PROPERTY = "wardian.translator.verify";

  private final Policy policy = policy(System.getProperty(PROPERTY, "on"));
  private final HostVerifier verifier = policy == Policy.OFF ? null : new HostVerifier(rules());
  private final BlockRules declared = new BlockRules();
  private final Exits exits;
  private final HostCode code;
  private byte[] bytes = new byte[4096];

  /** Blocks that were refused. */
  long refused;

  VerifiedTranslation(Exits exits, HostCode code) {
    this.exits = exits;
    this.code = code;
    declared.routines(code.routines().starts(), code.routines().leaving());
  }

  private static Policy policy(String name) {
    return switch (name) {
      case "off" -> Policy.OFF;
      case "fail" -> Policy.FAIL;
      case "on" -> Policy.INTERPRET;
      default -> throw new IllegalArgumentException(PROPERTY + " is on, off or fail: " + name);
    };
  }

  /** What emitted code may do with the state block. */
  static StateRules rules() {
    StateRules rules =
        new StateRules()
            .readable(0, StateLayout.ARCHITECTURAL_SIZE)
            .shared(StateLayout.PENDING, StateLayout.PENDING + 4)
            .tlb(StateLayout.ARCHITECTURAL_SIZE, Mmu.ENTRIES, 32, 0, 8, 16)
            .tlbs(Mmu.REGIONS)
            .jumpTable(HostState.jumpTable(), HostState.JUMPS, HostState.JUMP_KEY)
            .heldTarget(HostState.HELD_TARGET)
            .liveness(HostState.X87_LIVE)
            .exitNumber(HostState.EXIT)
            .constants(HostState.RECIPE, FlagRecipe.END)
            .writable(HostState.FLAG_A, HostState.HELD_TARGET)
            .writable(HostState.COUNT, HostState.COUNT + 8)
            .writable(StateLayout.FIP, StateLayout.FIP + 8)
            .writable(StateLayout.EFLAGS, StateLayout.EFLAGS + 8)
            .writable(StateLayout.KERNEL_GS_BASE, StateLayout.KERNEL_GS_BASE + 8)
            .readable(SystemWords.LINE, SystemWords.LINE + 4)
            .shared(SystemWords.LINE, SystemWords.LINE + 4)
            .writable(SystemWords.SHIELDED, SystemWords.SHIELDED + 8)
            .writable(SystemWords.BIT_BASE, SystemWords.BIT_NUMBER + 8);
    for (int segment : new int[] {StateLayout.FS, StateLayout.GS}) {
      int base = StateLayout.segment(segment) + StateLayout.BASE;
      rules.writable(base, base + 8);
    }
    int controls = HostState.x87Image() + X87State.CONTROLS;
    rules.x87ControlWords(controls, controls + 2L * (X87State.MODES + 1));
    for (int guest = 0; guest < HostState.REGISTERS.length; guest++) {
      if (HostState.REGISTERS[guest] < 0) {
        int at = StateLayout.GPR + 8 * guest;
        rules.writable(at, at + 8);
      }
    }
    return rules;
  }

  /**
   * Whether a block may be used.
   *
   * @param at host address of its code
   * @param length of its code in bytes
   * @param body offset at which the table of jump targets enters it
   * @param first its first exit
   * @throws IllegalStateException if not, where that is to be a failure
   */
  boolean accepts(TranslatedBlock block, long at, int length, int body, int first) {
    if (policy == Policy.OFF) {
      return true;
    }
    String reason = verify(block, at, length, body, first);
    if (reason == null) {
      return true;
    }
    refused++;
    String text = "refused: the translation of " + Long.toHexString(block.rip) + ": " + reason;
    if (policy == Policy.FAIL) {
      throw new IllegalStateException(
          text + "\n" + HexFormat.of().formatHex(bytes, 0, length) + " at " + Long.toHexString(at));
    }
    if (refused == 1) {
      System.getLogger(VerifiedTranslation.class.getName()).log(ERROR, text);
    }
    return false;
  }

  /** Why a block must not be used, or null. */
  private String verify(TranslatedBlock block, long at, int length, int body, int first) {
    if (bytes.length < length) {
      bytes = new byte[2 * length];
    }
    RawMemory.copy(at, bytes, 0, length);
    return verify(bytes, block, at, length, body, first);
  }

  /** As {@link #accepts}, of other bytes in the place of a block's code; the reason, or null. */
  String verify(byte[] bytes, TranslatedBlock block, long at, int length, int body, int first) {
    declared
        .clear()
        .tlb(StateLayout.ARCHITECTURAL_SIZE + (int) ((block.mode & 3) * Mmu.TABLE_SIZE))
        .leave(code.leave(), first)
        .park(code.park())
        .entry(body);
    if ((block.mode & Translations.SSE) == 0) {
      declared.withoutSse();
    }
    for (int id = first; id < exits.next(); id++) {
      declared.exit(again(id, at), exits.kind(id) == Exits.X87);
    }
    for (int k = 0; k < block.links(); k++) {
      declared.link((int) (block.linkAt(k) - at));
    }
    return verifier.verify(bytes, length, 0, at, declared);
  }

  /** Offset at which Java enters the code again after exit {@code id}, or -1. */
  private int again(int id, long at) {
    int kind = exits.kind(id);
    boolean never =
        kind == Exits.LINK || exits.again(id) == 0 || kind == Exits.UNITS && exits.run(id).ends;
    return never ? -1 : (int) (exits.again(id) - at);
  }
}
