package org.wardian.processor.software;

import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.x86.Decoder;
import org.wardian.x86.Instruction;
import org.wardian.x86.StateLayout;

/** What Java does for the one instruction that emitted code left at. */
final class ExitInstructions {
  /** Bytes that an instruction can have. */
  private static final int LONGEST = 15;

  private final SoftwareVcpu cpu;
  private final GuestMemory memory;
  private final long state;
  private final Exits exits;
  private final Decoder decoder;
  private final TierCounts counts;
  private final byte[] bytes = new byte[LONGEST];

  ExitInstructions(SoftwareVcpu cpu, Exits exits, Decoder decoder, TierCounts counts) {
    this.cpu = cpu;
    this.memory = cpu.memory;
    this.state = cpu.state;
    this.exits = exits;
    this.decoder = decoder;
    this.counts = counts;
  }

  /**
   * At the start of {@code block}, where what led there may have left no flags: executes what
   * writes them, which neither faults nor jumps, so that an interrupt shows the right ones.
   */
  void settleFlags(TranslatedBlock block) {
    byte[] settling = block.settling;
    if (settling == null) {
      return;
    }
    Instruction i = new Instruction();
    for (int at = 0; at < settling.length; at += i.length) {
      i = new Instruction();
      decoder.decode(settling, at, settling.length - at, 8, i);
      execute(i, block.rip + at);
    }
  }

  /**
   * The instruction at an exit, decoded anew: few exits are ever taken, and to keep the
   * instructions of all would be most of the memory that translation needs.
   *
   * @return null where the code has changed
   */
  Instruction decoded(int id) {
    Instruction i = exits.instruction(id);
    if (i == null) {
      TranslatedBlock block = exits.block(id);
      if (block.dead) {
        return null;
      }
      int offset = (int) exits.rip(id) & 0xfff;
      int here = Math.min(LONGEST, GuestMemory.PAGE - offset);
      long host = memory.hostAddress(block.physical);
      long second = block.tail == null ? host : memory.hostAddress(block.tail.physical);
      if (host == 0 || second == 0) {
        // Another thread has taken the memory away, and is about to say so.
        return null;
      }
      RawMemory.copy(host + offset, bytes, 0, here);
      int length = here;
      if (block.tail != null) {
        RawMemory.copy(second, bytes, here, LONGEST - here);
        length = LONGEST;
      }
      i = new Instruction();
      if (decoder.decode(bytes, 0, length, 8, i) != Decoder.OK) {
        return null;
      }
      exits.instruction(id, i);
    }
    return i;
  }

  /** Executes one instruction in Java. */
  void execute(Instruction i, long rip) {
    X87State.settle(state);
    cpu.instructionRip = rip;
    cpu.nextRip = rip + i.length;
    // RIP-relative operands count from the next instruction here.
    RawMemory.putLong(state + StateLayout.CODE_PAGE, rip + i.length);
    int unit = Lowering.unitOf(i);
    try {
      if (unit < Ops.END) {
        if (cpu.units().execute(unit, 0, i)) {
          cpu.rip(cpu.nextRip);
        }
      } else {
        cpu.rip(cpu.nextRip);
        cpu.units().executeLast(unit, 0, 0, i);
      }
      counts.alone();
    } catch (GuestFault f) {
      if (!cpu.taskSwitched) {
        cpu.rip(rip);
      }
      throw f;
    }
  }

  /**
   * Makes the translations for an instruction's accesses present: {@link Mmu#FILLED} where it can
   * be entered again, {@link Mmu#FAULTED} where it faults, otherwise Java executes it.
   */
  int fill(Instruction i) {
    int operand = Mmu.HIT;
    if (i.hasMemory()) {
      boolean destination = i.kind0 == Instruction.MEMORY;
      int size = destination ? i.size0 : i.kind1 == Instruction.MEMORY ? i.size1 : i.size2;
      long base =
          i.segment == StateLayout.FS || i.segment == StateLayout.GS ? cpu.base(i.segment) : 0;
      long at = address(i) + base;
      if ((at & i.form.alignment() - 1) != 0) {
        return Mmu.SPECIAL;
      }
      operand = cpu.present(at, size, ComputeEmitter.writes(i) ? Mmu.WRITE : Mmu.READ);
    }
    if (!usesStack(i)) {
      return operand;
    }
    if (operand == Mmu.SPECIAL || operand == Mmu.FAULTED) {
      // The interpreter meets it again, and what the stack's access does.
      return Mmu.SPECIAL;
    }
    long rsp = cpu.gpr(Cpu.RSP);
    int stack =
        switch (GuestBlock.operation(i)) {
          case PUSH, PUSHF, CALL -> cpu.present(rsp - 8, 8, Mmu.WRITE);
          case LEAVE -> cpu.present(cpu.gpr(5), 8, Mmu.READ);
          default -> cpu.present(rsp, 8, Mmu.READ);
        };
    if (i.hasMemory() && stack != Mmu.HIT) {
      // It may have taken the operand's place in the TLB, and the operand would take it back.
      return Mmu.SPECIAL;
    }
    return stack == Mmu.HIT ? operand : stack;
  }

  private static boolean usesStack(Instruction i) {
    return switch (GuestBlock.operation(i)) {
      case PUSH, PUSHF, CALL, POP, RET, LEAVE -> true;
      default -> false;
    };
  }

  private long address(Instruction i) {
    return i.base == StateLayout.REGISTER_CODE_PAGE
        ? cpu.rip() + i.length + i.displacement
        : cpu.address(i);
  }
}
