package org.wardian.processor.software.x87;

import org.wardian.memory.RawMemory;
import org.wardian.processor.software.VcpuContext;
import org.wardian.processor.software.Vector;
import org.wardian.x86.Instruction;
import org.wardian.x86.Operation;
import org.wardian.x86.StateLayout;

/**
 * The x87 floating-point unit of one virtual processor: availability and pending-exception checks,
 * control operations, and the way to the arithmetic, load and store groups.
 *
 * <p>It is a unit with CPUID.(7,0):EBX[6] and [13] set, as Intel processors since Skylake are: FDP
 * and FOP change only at an instruction with an unmasked exception, FIP at each instruction that is
 * not a control operation, and FCS and FDS are always zero. Not thread-safe: one instance a vCPU.
 * Source: Intel SDM vol. 1 chapter 8, vol. 3 §2.5 and §23.18.
 */
public class X87Unit {
  /** ModRM of D9 D0, the FNOP that waits. */
  private static final int FNOP_MODRM = 0xd0;

  private static final long CR0_MP = 1 << 1;
  private static final long CR0_EM = 1 << 2;
  private static final long CR0_TS = 1 << 3;
  private static final long CR0_NE = 1 << 5;

  private final RegisterStack stack = new RegisterStack();
  private final Environment environment = new Environment(stack);
  private final StackOperations operations = new StackOperations(stack);

  /** A unit without a processor: each call names the context that it works on. */
  public X87Unit() {
    // Nothing to set up: the state lives in the state block.
  }

  /**
   * Called in place of #MF where CR0.NE is 0: a PC board raises IRQ 13 here. The instruction that
   * found the exception goes on when this returns, as if IGNNE# were asserted.
   */
  protected void externalError(VcpuContext context) {
    // A board without the FERR# wire ignores the error.
  }

  /**
   * Executes one x87 instruction, FWAIT included. RIP in the state block is the instruction's.
   *
   * @return false where {@code instruction} is not an x87 operation; nothing happened then
   * @throws org.wardian.processor.software.GuestFault #NM, #MF and the faults of memory operands
   */
  public final boolean execute(VcpuContext context, Instruction instruction) {
    Operation operation = Operation.of(instruction.operation);
    stack.state = context.state;
    switch (operation) {
      case FWAIT -> {
        long both = CR0_MP | CR0_TS;
        if ((context.cr(0) & both) == both) {
          throw context.fault(Vector.NM, 0);
        }
        checkPending(context);
        return true;
      }
      case FNINIT, FNCLEX, FNSTCW, FNSTSW, FNSTENV, FNSAVE -> {
        checkAvailable(context);
        control(context, instruction, operation);
        return true;
      }
      case FLDCW, FLDENV, FRSTOR -> {
        checkAvailable(context);
        checkPending(context);
        control(context, instruction, operation);
        return true;
      }
      default -> {
        checkAvailable(context);
        if (operation == Operation.FNOP && instruction.modrm != FNOP_MODRM) {
          // FNENI, FNDISI and FNSETPM of older coprocessors do not wait.
          return true;
        }
        checkPending(context);
        long before = RawMemory.getLong(context.state + StateLayout.FIP);
        RawMemory.putLong(
            context.state + StateLayout.FIP, RawMemory.getLong(context.state + StateLayout.RIP));
        boolean known = false;
        boolean done = false;
        try {
          known = operations.execute(context, instruction, operation);
          done = known;
        } finally {
          if (!done) {
            RawMemory.putLong(context.state + StateLayout.FIP, before);
          }
        }
        return known;
      }
    }
  }

  private static void checkAvailable(VcpuContext context) {
    if ((context.cr(0) & (CR0_EM | CR0_TS)) != 0) {
      throw context.fault(Vector.NM, 0);
    }
  }

  private void checkPending(VcpuContext context) {
    if (stack.isPending()) {
      if ((context.cr(0) & CR0_NE) != 0) {
        throw context.fault(Vector.MF, 0);
      }
      externalError(context);
    }
  }

  /**
   * The checks before an instruction that uses an MMX register: #UD where CR0.EM, #NM where CR0.TS,
   * #MF where an x87 exception is pending. Source: Intel SDM vol. 3 §13.1.
   */
  public final void checkMmx(VcpuContext context) {
    long cr0 = context.cr(0);
    if ((cr0 & CR0_EM) != 0) {
      throw context.fault(Vector.UD, 0);
    }
    if ((cr0 & CR0_TS) != 0) {
      throw context.fault(Vector.NM, 0);
    }
    stack.state = context.state;
    checkPending(context);
  }

  /**
   * What every instruction with an MMX register except EMMS does to the x87 state: TOP becomes 0
   * and all tags valid. Source: Intel SDM vol. 3 §13.2.
   */
  public static void enterMmx(VcpuContext context) {
    long state = context.state;
    int status = RawMemory.getShort(state + StateLayout.FSW) & ~0x3800;
    RawMemory.putShort(state + StateLayout.FSW, (short) status);
    RawMemory.putByte(state + StateLayout.FTW, (byte) 0xff);
  }

  private void control(VcpuContext context, Instruction instruction, Operation operation) {
    switch (operation) {
      case FNINIT -> stack.initialise();
      case FNCLEX -> stack.status(stack.status() & 0x7f00);
      case FNSTCW ->
          context.store(instruction.segment, context.address(instruction), 2, stack.control());
      case FNSTSW -> {
        if (instruction.kind0 == Instruction.MEMORY) {
          context.store(instruction.segment, context.address(instruction), 2, stack.status());
        } else {
          context.gpr(0, context.gpr(0) & ~0xffffL | stack.status());
        }
      }
      case FNSTENV -> environment.store(context, instruction);
      case FNSAVE -> environment.save(context, instruction);
      case FLDCW ->
          stack.control((int) context.load(instruction.segment, context.address(instruction), 2));
      case FLDENV -> environment.load(context, instruction);
      default -> environment.restore(context, instruction);
    }
  }
}
