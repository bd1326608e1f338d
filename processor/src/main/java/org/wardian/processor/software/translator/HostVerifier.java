package org.wardian.processor.software.translator;

import java.util.Arrays;
import org.wardian.x86.Disassembler;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;

/**
 * Reads the bytes of a piece of emitted code and says whether they can do harm, whatever the guest
 * put into its registers and memory. It trusts no word of the translator about single accesses: it
 * follows the registers along each straight line of code and asks for every load and store
 *
 * <ul>
 *   <li>either a place in the state block that {@link StateRules} allow,
 *   <li>or a guest address + addend, after the page of its last byte was compared with the tag of
 *       the same TLB entry and found equal; several accesses may share one comparison if they lie
 *       in the bytes that it covers: {@link ProbeFacts},
 *   <li>or a value pushed before, or (loads) a constant behind the code.
 * </ul>
 *
 * Instructions that need alignment need a test of it, divisions need tests that they cannot fault.
 * Branches go to instructions of the code, which are entered with nothing known, or to declared
 * places; indirect ones through pointers that only Java writes, out of an entry whose key was
 * compared. The way out is taken with the number of an exit of this code. The code keeps RBP and
 * RSP, has no instruction outside {@link HostOperations}, cannot set DF, TF or AC, and touches x87
 * registers only once it has found them live, which they are not while an exception is unmasked.
 *
 * <p>Not checked: that the code does what the guest wants, and that loops end. Not for several
 * threads at a time. One pass, which makes no garbage.
 */
public final class HostVerifier {
  /** Largest number of values that code may have on the stack. */
  public static final int MAX_PUSHES = 64;

  // What is known of each byte of the code.

  private static final byte START = 1;

  /** Code is entered here from elsewhere. */
  private static final byte TARGET = 2;

  /** One of those who enter is a branch. */
  private static final byte BRANCHED = 4;

  /** The x87 registers may not be live for one of those who enter. */
  private static final byte DEAD = 8;

  /** The code relies on live x87 registers here. */
  private static final byte LIVE = 16;

  /** First byte of a branch's displacement of 4 bytes. */
  private static final byte DISPLACEMENT = 32;

  /** Somebody enters here without the number of an exit set. */
  private static final byte UNNUMBERED = 64;

  private static final int UNSEEN = -1;

  /** Instead of an exit's number: one of this code's, which was looked at where it was set. */
  private static final int SOME_EXIT = -2;

  private static final String UNNUMBERED_EXIT = "way out without an exit of this code";

  private static final int JMP = Operation.JMP.ordinal();
  private static final int RET = Operation.RET.ordinal();

  private final HostDecoder decoder = new HostDecoder();
  private final Instruction in = decoder.in;
  private final InstructionChecker checker;
  private final ProbeIdiom idiom;

  private byte[] marks = new byte[4096];

  /** Whether the code may have values on the stack at all. */
  private boolean stacks;

  /** Values on the stack at each place that is jumped to. */
  private int[] depths = new int[4096];

  /** Where branches go. */
  private int[] targets = new int[64];

  private int targetCount;

  /** Where Java enters again after exits that were taken while the x87 registers may be dead. */
  private int[] deadEntries = new int[64];

  private int deadEntryCount;
  private byte[] code;
  private int end;
  private long address;
  private BlockRules block;

  /** A verifier of code for one kind of state block. */
  public HostVerifier(StateRules rules) {
    rules.check();
    this.checker = new InstructionChecker(rules);
    this.idiom = new ProbeIdiom(rules);
  }

  /**
   * Looks for the first reason not to run a piece of code.
   *
   * @param code the bytes, from index 0 on: instructions, then constants
   * @param codeLength bytes of instructions
   * @param dataLength bytes of constants behind them, up to the next place of which nothing is
   *     known
   * @param address at which {@code code[0]} will be executed
   * @param block what the translator declares
   * @return null if the code may run, else the reason, with offset and disassembly
   */
  public String verify(
      byte[] code, int codeLength, int dataLength, long address, BlockRules block) {
    if (codeLength <= 0 || dataLength < 0 || codeLength + dataLength > code.length) {
      return "no code";
    }
    this.code = code;
    this.end = codeLength;
    this.address = address;
    this.block = block;
    if (marks.length < codeLength) {
      marks = new byte[2 * codeLength];
      depths = new int[2 * codeLength];
    }
    Arrays.fill(marks, 0, codeLength, (byte) 0);
    stacks = block.maximumPushes() != 0;
    if (stacks) {
      Arrays.fill(depths, 0, codeLength, UNSEEN);
    }
    targetCount = 0;
    deadEntryCount = 0;
    enter(0);
    for (int i = 0; i < block.entryCount(); i++) {
      int entry = block.entryAt(i);
      if (entry < 0 || entry >= end) {
        return "entry outside the code, at " + hex(entry);
      }
      enter(entry);
    }
    // Whoever jumps to the head knows nothing of the x87 registers.
    marks[0] |= DEAD;
    checker.start(block, address + codeLength, address + codeLength + dataLength);
    String violation = followCode();
    return violation != null ? violation : checkPlaces();
  }

  private void enter(int at) {
    marks[at] |= TARGET | UNNUMBERED;
    depths[at] = 0;
    target(at);
  }

  private void target(int at) {
    if (targetCount == targets.length) {
      targets = Arrays.copyOf(targets, 2 * targetCount);
    }
    targets[targetCount++] = at;
  }

  /** What is known only once all code was read. */
  private String checkPlaces() {
    for (int i = 0; i < targetCount; i++) {
      if ((marks[targets[i]] & START) == 0) {
        return "a branch or entry into the middle of an instruction, at " + hex(targets[i]);
      }
    }
    for (int i = 0; i < block.linkCount(); i++) {
      int at = block.linkAt(i);
      if (at < 0 || at >= end || (marks[at] & DISPLACEMENT) == 0 || block.maximumPushes() != 0) {
        return "no branch to be patched, at " + hex(at);
      }
    }
    for (int i = 0; i < deadEntryCount; i++) {
      if ((marks[deadEntries[i]] & LIVE) != 0) {
        return "x87 registers that may not be live, at " + hex(deadEntries[i]);
      }
    }
    return null;
  }

  private static String hex(int offset) {
    return "+0x" + Integer.toHexString(offset);
  }

  private String violation(int at, String reason) {
    if (!decoder.decode(code, at, end)) {
      return reason + ", at " + hex(at);
    }
    String text = decoder.isVector() ? "BMI2 shift" : Disassembler.text(in, address + at);
    return reason + ", at " + hex(at) + ": " + text;
  }

  /**
   * Code is entered at {@code at}.
   *
   * @param leaves whether it takes the way out at once, for which nothing need be known
   */
  private String enter(int at, boolean reachable, boolean leaves) {
    int depth = 0;
    if (stacks) {
      depth = reachable ? checker.registers.pushed : Math.max(0, depths[at]);
      if (depths[at] != UNSEEN && depths[at] != depth) {
        return "reached with different stacks, at " + hex(at);
      }
      depths[at] = depth;
    }
    boolean live =
        (marks[at] & DEAD) == 0 && (reachable ? checker.live : (marks[at] & BRANCHED) != 0);
    if (reachable && !isNumbered()) {
      marks[at] |= UNNUMBERED;
    }
    if (!leaves || depth != 0) {
      checker.join(depth);
    }
    checker.live = live;
    if ((marks[at] & (BRANCHED | UNNUMBERED)) == BRANCHED) {
      checker.exit(SOME_EXIT);
    } else {
      marks[at] |= UNNUMBERED;
    }
    marks[at] |= TARGET;
    if (live) {
      marks[at] |= LIVE;
    }
    return null;
  }

  /** Whether the number of an exit of this code is set; if so, notes what that exit needs. */
  private boolean isNumbered() {
    int exit = checker.exit();
    if (exit != SOME_EXIT && !block.isExit(exit)) {
      return false;
    }
    if (exit != SOME_EXIT) {
      noteExit(exit);
    }
    return true;
  }

  /** Where Java enters again after an exit, the x87 registers are as live as they are here. */
  private void noteExit(int exit) {
    int again = block.again(exit);
    if (again >= 0 && !checker.live && !block.wakes(exit)) {
      if (deadEntryCount == deadEntries.length) {
        deadEntries = Arrays.copyOf(deadEntries, 2 * deadEntryCount);
      }
      deadEntries[deadEntryCount++] = again;
    }
  }

  /**
   * Which sequence is at {@code at}; none where code is entered inside of it.
   *
   * @param entered whether code is entered here, so that nothing is known of the registers
   */
  private int kind(int at, boolean entered) {
    switch (code[at]) {
      case (byte) 0xc7 -> {
        boolean exit = idiom.isExit(code, at, end) && (marks[at + 10] & TARGET) == 0;
        return exit ? ProbeIdiom.EXIT : ProbeIdiom.NONE;
      }
      case 0x41 -> {
        boolean select = idiom.isSelect(code, at, end) && (marks[at + 4] & TARGET) == 0;
        return select ? ProbeIdiom.SELECT : ProbeIdiom.NONE;
      }
      case 0x49 -> {
        boolean check =
            !entered
                && idiom.isCheck(code, at, end, block.tlbOffset())
                && ((marks[at + 7] | marks[at + 15] | marks[at + 21]) & TARGET) == 0
                && checker.comparisons.selects();
        return check ? ProbeIdiom.CHECK : ProbeIdiom.NONE;
      }
      case (byte) 0x90, 0x66, 0x0f -> {
        return ProbeIdiom.nop(code, at, end) != 0 ? ProbeIdiom.PADDING : ProbeIdiom.NONE;
      }
      default -> {
        return ProbeIdiom.NONE;
      }
    }
  }

  /** Follows the instructions in order. */
  private String followCode() {
    boolean reachable = false;
    int at = 0;
    while (at < end) {
      boolean entered = !reachable || (marks[at] & TARGET) != 0;
      int kind = kind(at, entered);
      if (entered) {
        String reason = enter(at, reachable, kind == ProbeIdiom.EXIT);
        if (reason != null) {
          return reason;
        }
      }
      marks[at] |= START;
      String reason = null;
      int next;
      boolean goesOn = true;
      switch (kind) {
        case ProbeIdiom.EXIT -> {
          next = at + ProbeIdiom.EXIT_LENGTH;
          checker.exit(ProbeIdiom.int32(code, at + 6));
          reason = checkTarget(next, ProbeIdiom.int32(code, next - 4), true);
          goesOn = false;
        }
        case ProbeIdiom.SELECT -> {
          next = at + ProbeIdiom.SELECT_LENGTH;
          checker.comparisons.selected();
        }
        case ProbeIdiom.CHECK -> {
          next = at + ProbeIdiom.CHECK_LENGTH;
          reason = checkTarget(at + 21, ProbeIdiom.int32(code, at + 17), true);
          checker.comparisons.checked(idiom.write);
        }
        case ProbeIdiom.PADDING -> next = at + ProbeIdiom.nop(code, at, end);
        default -> {
          int move = decoder.decodeMove(code, at, end);
          boolean simple = move == CommonDecoder.MOVE || move == CommonDecoder.ADDRESS;
          if (simple && checker.followMove(in, move == CommonDecoder.ADDRESS)) {
            next = at + in.length;
          } else if (move == CommonDecoder.ANOTHER) {
            next = at + in.length;
            reason = check(next);
            goesOn = !endsLine(in);
          } else {
            if (!decoder.decode(code, at, end)) {
              return "no instruction, at " + hex(at);
            }
            next = at + decoder.length();
            reason = decoder.isVector() ? checkVector(next) : check(next);
            goesOn = decoder.isVector() || !endsLine(in);
          }
        }
      }
      reachable = goesOn;
      if (reason != null) {
        return violation(at, reason);
      }
      at = next;
    }
    return reachable ? "the code runs on behind its end" : null;
  }

  private static boolean endsLine(Instruction in) {
    return in.operation == JMP || in.operation == RET;
  }

  /** The MOV in {@link #in} stands for the accesses; then the result becomes unknown. */
  private String checkVector(int next) {
    int source = in.kind1 == Instruction.REGISTER ? in.reg1 : -1;
    boolean exact = decoder.rotates && in.size0 == 8 && source >= 0;
    if (exact) {
      boolean kept = checker.followRotation(decoder.destination, source, code[next - 1] & 63);
      return kept ? null : "write of rbp or rsp";
    }
    long bits = in.size0 == 4 ? 0xffff_ffffL : -1;
    String reason = checker.check(in, address + next);
    return reason == null && !checker.registers.setUnknown(decoder.destination, bits)
        ? "write of rbp or rsp"
        : reason;
  }

  private String check(int next) {
    switch (in.form.operation()) {
      case JCC, JCXZ, JMP -> {
        if (in.kind0 != Instruction.RELATIVE) {
          return checkIndirect();
        }
        if (!decoder.isPlainBranch()) {
          return "unusual encoding of a branch";
        }
        String reason = checkTarget(next, in.immediate, in.length > 4);
        if (reason == null && in.form.operation() == Operation.JCC) {
          checker.notTaken(in.condition);
        }
        return reason;
      }
      case CALL -> {
        if (in.kind0 == Instruction.RELATIVE && !decoder.isPlainBranch()) {
          return "unusual encoding of a branch";
        }
        if (in.kind0 != Instruction.RELATIVE) {
          String reason =
              decoder.isPlainIndirect() && checker.isCode(in) ? null : "undeclared target";
          checker.called();
          return reason;
        }
        long target = next + in.immediate;
        boolean outside = target < 0 || target >= end;
        checker.called();
        return outside && block.mayCall(address + target) ? null : "undeclared target of a call";
      }
      case RET -> {
        boolean plainReturn = in.length == 1 && checker.registers.pushed == 0;
        return plainReturn && block.mayReturn() ? null : "return";
      }
      default -> {
        return checker.check(in, address + next);
      }
    }
  }

  private String checkIndirect() {
    if (!decoder.isPlainIndirect() || !checker.isCode(in)) {
      return "undeclared target";
    }
    return checker.registers.pushed == 0 ? null : "jump out with values on the stack";
  }

  private String checkTarget(int next, long distance, boolean patchable) {
    long target = next + distance;
    int pushed = checker.registers.pushed;
    if (target < 0 || target >= end) {
      String reason = checkLeaving(address + target);
      return reason == null && pushed != 0 ? "jump out with values on the stack" : reason;
    }
    int to = (int) target;
    if (patchable) {
      marks[next - 4] |= DISPLACEMENT;
    }
    if (stacks && depths[to] == UNSEEN) {
      depths[to] = pushed;
    }
    if (stacks && depths[to] != pushed) {
      return "a target reached with different stacks";
    }
    if (to >= next) {
      marks[to] |= (byte) (checker.live ? TARGET | BRANCHED : TARGET | BRANCHED | DEAD);
      if (!isNumbered()) {
        marks[to] |= UNNUMBERED;
      }
      target(to);
      return null;
    }
    if ((marks[to] & (START | TARGET)) != (START | TARGET)) {
      return "a branch back to a place where facts were relied on";
    }
    if ((marks[to] & UNNUMBERED) == 0 && !isNumbered()) {
      return "a branch back without an exit";
    }
    return (marks[to] & LIVE) != 0 && !checker.live ? "x87 registers that may not be live" : null;
  }

  private String checkLeaving(long target) {
    if (block.isLeave(target)) {
      return isNumbered() ? null : UNNUMBERED_EXIT;
    }
    boolean parks = block.isPark(target);
    boolean returns = block.comesBack(target);
    if (!parks && !block.isRoutine(target)) {
      return block.mayJump(target) ? null : "undeclared target";
    }
    if (!isNumbered()) {
      return UNNUMBERED_EXIT;
    }
    int exit = checker.exit();
    int again = exit == SOME_EXIT ? -1 : block.again(exit);
    if (returns && !checker.isConstant(HostRegister.R15, block.tlbOffset())) {
      return "routine with another TLB";
    }
    if ((parks || returns)
        && !(again >= 0 && checker.isConstant(HostRegister.R14, address + again))) {
      return "way back that is not the exit's";
    }
    return null;
  }
}
