package org.wardian.processor.software;

import static org.wardian.processor.software.DenseOperands.RIP_BASE;
import static org.wardian.processor.software.DenseOperands.a;
import static org.wardian.processor.software.DenseOperands.address;
import static org.wardian.processor.software.DenseOperands.b;
import static org.wardian.processor.software.DenseOperands.put;
import static org.wardian.processor.software.DenseOperands.putWidth;
import static org.wardian.processor.software.DenseOperands.ripAfter;
import static org.wardian.processor.software.DenseOperands.ripOf;
import static org.wardian.processor.software.DenseOperands.sh;

import org.wardian.memory.RawMemory;
import org.wardian.processor.Flags;
import org.wardian.x86.StateLayout;

/**
 * The hot loop: dense operations from a code page until something is pending or an instruction
 * faults.
 *
 * <p>{@link #run} must stay below HotSpot's limit of 8,000 bytecodes, or it is never compiled; a
 * test holds it. What is rare lives in {@link WarmOps} and the operation groups, so that this
 * method's compiled form stays small too.
 */
final class Interpreter {
  private static final long GPR = StateLayout.GPR;
  private static final long RESULT = StateLayout.FLAG_RESULT;
  private static final long AUX = StateLayout.FLAG_AUX;
  private static final long RSP = StateLayout.GPR + 4 * 8;

  private final SoftwareVcpu cpu;
  private final CodeCache cache;
  private final CodeStore store;
  private final WarmOps warm;
  private final Units units;
  private final LineEnds ends;

  /** Set while RIP in the state block, not the operation, says where a fault happened. */
  private boolean atRip;

  Interpreter(SoftwareVcpu cpu, CodeCache cache, Units units) {
    this.cpu = cpu;
    this.cache = cache;
    this.store = cache.store;
    this.units = units;
    this.warm = new WarmOps(cpu);
    this.ends = new LineEnds(cpu, cache, units, this);
  }

  /**
   * Makes {@code rip} the next instruction: finds or decodes it. Returns its index in the store.
   *
   * @throws GuestFault of the instruction fetch, with RIP set to {@code rip}
   */
  int enter(long rip) {
    int known = cache.jump(rip);
    if (known != 0) {
      RawMemory.putLong(cpu.state + RIP_BASE, rip & -4096L);
      return known;
    }
    cpu.rip(rip);
    atRip = true;
    long linear = rip;
    if (!cpu.code64) {
      if (rip > cpu.limit(StateLayout.CS)) {
        throw cpu.fault(Vector.GP, 0);
      }
      linear = rip + cpu.base(StateLayout.CS) & 0xffffffffL;
    } else if (rip << 16 >> 16 != rip) {
      throw cpu.fault(Vector.GP, 0);
    }
    int at = cache.find(rip, linear);
    RawMemory.putLong(cpu.state + RIP_BASE, rip - (linear & 0xfff));
    if (at == 0) {
      at = cache.single(rip, linear);
    }
    atRip = false;
    return at;
  }

  /** As {@link #enter}, but the one instruction alone, without the cache. */
  int enterSingle(long rip) {
    cpu.rip(rip);
    atRip = true;
    long linear = cpu.code64 ? rip : rip + cpu.base(StateLayout.CS) & 0xffffffffL;
    int at = cache.single(rip, linear);
    RawMemory.putLong(cpu.state + RIP_BASE, rip - (linear & 0xfff));
    atRip = false;
    return at;
  }

  private long loadSized(long va, int sh) {
    return sh == 0
        ? cpu.load64(va)
        : sh == 32 ? cpu.load32(va) : sh == 56 ? cpu.load8(va) : cpu.load16(va);
  }

  private long ripBase() {
    return RawMemory.getLong(cpu.state + RIP_BASE);
  }

  /**
   * Runs from the operation at index {@code start} until something is pending; RIP is then up to
   * date.
   *
   * @return whether an instruction faulted: {@link Mmu#pendingFault} says how, and RIP is that
   *     instruction's
   */
  boolean run(int start) {
    final long s = cpu.state;
    final SoftwareVcpu cpu = this.cpu;
    final long code = store.base;
    int pc = start;
    int from = start;
    // Words passed since the count of instructions was written back.
    long passed = 0;
    // Whoever called enter() met its faults.
    atRip = false;
    try {
      for (; ; ) {
        long w0 = RawMemory.getLong(code + pc * 8L);
        final long w1 = RawMemory.getLong(code + pc * 8L + 8);
        pc += 2;
        long target;
        switch ((int) w0 & Ops.MASK) {
          case Ops.NOP:
            continue;
          case Ops.MOV_RR:
            putWidth(s, w0, b(s, w0));
            continue;
          case Ops.MOV_RI:
            put(s, w0, w1);
            continue;
          case Ops.LOAD64:
            put(s, w0, cpu.load64(address(s, w0, w1)));
            continue;
          case Ops.LOAD32:
            put(s, w0, cpu.load32(address(s, w0, w1)));
            continue;
          case Ops.LOAD_ZX8:
            put(s, w0, cpu.load8(address(s, w0, w1)));
            continue;
          case Ops.LOAD_ZX16:
            put(s, w0, cpu.load16(address(s, w0, w1)));
            continue;
          case Ops.LOAD_SX8:
            putWidth(s, w0, (byte) cpu.load8(address(s, w0, w1)));
            continue;
          case Ops.LOAD_SX16:
            putWidth(s, w0, (short) cpu.load16(address(s, w0, w1)));
            continue;
          case Ops.LOAD_SX32:
            putWidth(s, w0, (int) cpu.load32(address(s, w0, w1)));
            continue;
          case Ops.STORE64:
            cpu.store64(address(s, w0, w1), b(s, w0));
            continue;
          case Ops.STORE32:
            cpu.store32(address(s, w0, w1), b(s, w0));
            continue;
          case Ops.STORE16:
            cpu.store16(address(s, w0, w1), b(s, w0));
            continue;
          case Ops.STORE8:
            cpu.store8(address(s, w0, w1), b(s, w0));
            continue;
          case Ops.STORE_I:
            cpu.storeLinear(address(s, w0, w1), (64 - sh(w0)) >> 3, w1 >> 32);
            continue;
          case Ops.ZX8_RR:
            put(s, w0, b(s, w0) & 0xff);
            continue;
          case Ops.ZX16_RR:
            put(s, w0, b(s, w0) & 0xffff);
            continue;
          case Ops.SX8_RR:
            putWidth(s, w0, (byte) b(s, w0));
            continue;
          case Ops.SX16_RR:
            putWidth(s, w0, (short) b(s, w0));
            continue;
          case Ops.SX32_RR:
            putWidth(s, w0, (int) b(s, w0));
            continue;
          case Ops.LEA:
            putWidth(s, w0, address(s, w0, w1));
            continue;
          case Ops.CMOV_RR:
            putWidth(s, w0, Flags.condition(s, (int) (w0 >>> Ops.KIND) & 15) ? b(s, w0) : a(s, w0));
            continue;
          case Ops.CMOV_RM:
            {
              long v = loadSized(address(s, w0, w1), sh(w0));
              putWidth(s, w0, Flags.condition(s, (int) (w0 >>> Ops.KIND) & 15) ? v : a(s, w0));
              continue;
            }
          case Ops.SETCC:
            RawMemory.putByte(
                s + ((w0 >>> 7) & 0xf8),
                (byte) (Flags.condition(s, (int) (w0 >>> Ops.KIND) & 15) ? 1 : 0));
            continue;
          case Ops.PUSH_R:
            {
              long sp = RawMemory.getLong(s + RSP) - 8;
              cpu.store64(sp, a(s, w0));
              RawMemory.putLong(s + RSP, sp);
              continue;
            }
          case Ops.POP_R:
            {
              long sp = RawMemory.getLong(s + RSP);
              long v = cpu.load64(sp);
              RawMemory.putLong(s + RSP, sp + 8);
              put(s, w0, v);
              continue;
            }
          case Ops.PUSH_I:
            {
              long sp = RawMemory.getLong(s + RSP) - 8;
              cpu.store64(sp, w1);
              RawMemory.putLong(s + RSP, sp);
              continue;
            }
          case Ops.ADD_RR:
            putWidth(s, w0, Alu.add(s, a(s, w0), b(s, w0), (int) (w0 >>> 32)));
            continue;
          case Ops.ADD_RI:
            putWidth(s, w0, Alu.add(s, a(s, w0), w1, (int) (w0 >>> 32)));
            continue;
          case Ops.ADD_RM:
            {
              long v = loadSized(address(s, w0, w1), sh(w0));
              putWidth(s, w0, Alu.add(s, a(s, w0), v, (int) (w0 >>> 32)));
              continue;
            }
          case Ops.OR_RR:
            putWidth(s, w0, Alu.logic(s, a(s, w0) | b(s, w0), (int) (w0 >>> 32)));
            continue;
          case Ops.OR_RI:
            putWidth(s, w0, Alu.logic(s, a(s, w0) | w1, (int) (w0 >>> 32)));
            continue;
          case Ops.OR_RM:
            {
              long v = loadSized(address(s, w0, w1), sh(w0));
              putWidth(s, w0, Alu.logic(s, a(s, w0) | v, (int) (w0 >>> 32)));
              continue;
            }
          case Ops.AND_RR:
            putWidth(s, w0, Alu.logic(s, a(s, w0) & b(s, w0), (int) (w0 >>> 32)));
            continue;
          case Ops.AND_RI:
            putWidth(s, w0, Alu.logic(s, a(s, w0) & w1, (int) (w0 >>> 32)));
            continue;
          case Ops.AND_RM:
            {
              long v = loadSized(address(s, w0, w1), sh(w0));
              putWidth(s, w0, Alu.logic(s, a(s, w0) & v, (int) (w0 >>> 32)));
              continue;
            }
          case Ops.SUB_RR:
            putWidth(s, w0, Alu.sub(s, a(s, w0), b(s, w0), (int) (w0 >>> 32)));
            continue;
          case Ops.SUB_RI:
            putWidth(s, w0, Alu.sub(s, a(s, w0), w1, (int) (w0 >>> 32)));
            continue;
          case Ops.SUB_RM:
            {
              long v = loadSized(address(s, w0, w1), sh(w0));
              putWidth(s, w0, Alu.sub(s, a(s, w0), v, (int) (w0 >>> 32)));
              continue;
            }
          case Ops.XOR_RR:
            putWidth(s, w0, Alu.logic(s, a(s, w0) ^ b(s, w0), (int) (w0 >>> 32)));
            continue;
          case Ops.XOR_RI:
            putWidth(s, w0, Alu.logic(s, a(s, w0) ^ w1, (int) (w0 >>> 32)));
            continue;
          case Ops.XOR_RM:
            {
              long v = loadSized(address(s, w0, w1), sh(w0));
              putWidth(s, w0, Alu.logic(s, a(s, w0) ^ v, (int) (w0 >>> 32)));
              continue;
            }
          case Ops.CMP_RR:
            Alu.sub(s, a(s, w0), b(s, w0), (int) (w0 >>> 32));
            continue;
          case Ops.CMP_RI:
            Alu.sub(s, a(s, w0), w1, (int) (w0 >>> 32));
            continue;
          case Ops.CMP_RM:
            Alu.sub(s, a(s, w0), loadSized(address(s, w0, w1), sh(w0)), (int) (w0 >>> 32));
            continue;
          case Ops.CMP_MR:
            Alu.sub(s, loadSized(address(s, w0, w1), sh(w0)), b(s, w0), (int) (w0 >>> 32));
            continue;
          case Ops.CMP_MI:
            Alu.sub(s, loadSized(address(s, w0, w1), sh(w0)), w1 >> 32, (int) (w0 >>> 32));
            continue;
          case Ops.TEST_RR:
            Alu.logic(s, a(s, w0) & b(s, w0), (int) (w0 >>> 32));
            continue;
          case Ops.TEST_RI:
            Alu.logic(s, a(s, w0) & w1, (int) (w0 >>> 32));
            continue;
          case Ops.TEST_MR:
            Alu.logic(s, loadSized(address(s, w0, w1), sh(w0)) & b(s, w0), (int) (w0 >>> 32));
            continue;
          case Ops.TEST_MI:
            Alu.logic(s, loadSized(address(s, w0, w1), sh(w0)) & w1 >> 32, (int) (w0 >>> 32));
            continue;
          case Ops.INC:
            putWidth(s, w0, Alu.inc(s, a(s, w0), (int) (w0 >>> 32)));
            continue;
          case Ops.DEC:
            putWidth(s, w0, Alu.dec(s, a(s, w0), (int) (w0 >>> 32)));
            continue;
          case Ops.NEG:
            putWidth(s, w0, Alu.sub(s, 0, a(s, w0), (int) (w0 >>> 32)));
            continue;
          case Ops.NOT:
            putWidth(s, w0, ~a(s, w0));
            continue;
          case Ops.SHL_I:
            putWidth(s, w0, Alu.shl(s, a(s, w0), (int) w1, sh(w0)));
            continue;
          case Ops.SHR_I:
            putWidth(s, w0, Alu.shr(s, a(s, w0), (int) w1, sh(w0)));
            continue;
          case Ops.SAR_I:
            putWidth(s, w0, Alu.sar(s, a(s, w0), (int) w1, sh(w0)));
            continue;
          case Ops.IMUL_RR:
            putWidth(s, w0, Alu.imul(s, a(s, w0), b(s, w0), sh(w0)));
            continue;
          case Ops.IMUL_RM:
            {
              long v = loadSized(address(s, w0, w1), sh(w0));
              putWidth(s, w0, Alu.imul(s, a(s, w0), v, sh(w0)));
              continue;
            }
          case Ops.IMUL_RRI:
            putWidth(s, w0, Alu.imul(s, b(s, w0), w1, sh(w0)));
            continue;

          // Direct branches: leaving the switch by break takes the branch.
          case Ops.JMP:
            break;
          case Ops.CALL:
            {
              long sp = RawMemory.getLong(s + RSP) - 8;
              cpu.store64(sp, ripAfter(cpu, w0));
              RawMemory.putLong(s + RSP, sp);
              break;
            }
          case Ops.JCC:
            if (Flags.condition(s, 0)) {
              break;
            }
            continue;
          case Ops.JCC + 1:
            if (Flags.condition(s, 1)) {
              break;
            }
            continue;
          case Ops.JCC + 2:
            if (RawMemory.getLong(s + AUX) < 0) {
              break;
            }
            continue;
          case Ops.JCC + 3:
            if (RawMemory.getLong(s + AUX) >= 0) {
              break;
            }
            continue;
          case Ops.JCC + 4:
            if (RawMemory.getLong(s + RESULT) == 0) {
              break;
            }
            continue;
          case Ops.JCC + 5:
            if (RawMemory.getLong(s + RESULT) != 0) {
              break;
            }
            continue;
          case Ops.JCC + 6:
            if (Flags.condition(s, 6)) {
              break;
            }
            continue;
          case Ops.JCC + 7:
            if (Flags.condition(s, 7)) {
              break;
            }
            continue;
          case Ops.JCC + 8:
            if (Flags.condition(s, 8)) {
              break;
            }
            continue;
          case Ops.JCC + 9:
            if (Flags.condition(s, 9)) {
              break;
            }
            continue;
          case Ops.JCC + 10:
            if (Flags.condition(s, 10)) {
              break;
            }
            continue;
          case Ops.JCC + 11:
            if (Flags.condition(s, 11)) {
              break;
            }
            continue;
          case Ops.JCC + 12:
            if (Flags.condition(s, 12)) {
              break;
            }
            continue;
          case Ops.JCC + 13:
            if (Flags.condition(s, 13)) {
              break;
            }
            continue;
          case Ops.JCC + 14:
            if (Flags.condition(s, 14)) {
              break;
            }
            continue;
          case Ops.JCC + 15:
            if (Flags.condition(s, 15)) {
              break;
            }
            continue;

          // Indirect branches.
          case Ops.RET:
            {
              long sp = RawMemory.getLong(s + RSP);
              target = cpu.load64(sp);
              cpu.checkTarget(target);
              RawMemory.putLong(s + RSP, sp + 8);
              passed += pc - from;
              if (RawMemory.getIntVolatile(s + StateLayout.PENDING) != 0) {
                cpu.rip(target);
                cpu.retire(passed);
                return false;
              }
              pc = enter(target);
              from = pc;
              continue;
            }
          case Ops.JMP_R:
          case Ops.JMP_M:
          case Ops.CALL_R:
          case Ops.CALL_M:
            {
              int op = (int) w0 & Ops.MASK;
              target =
                  op == Ops.JMP_R || op == Ops.CALL_R ? a(s, w0) : cpu.load64(address(s, w0, w1));
              if (op >= Ops.CALL_R) {
                long sp = RawMemory.getLong(s + RSP) - 8;
                cpu.checkCall(target, sp);
                cpu.store64(sp, ripAfter(cpu, w0));
                RawMemory.putLong(s + RSP, sp);
              } else {
                cpu.checkTarget(target);
              }
              passed += pc - from;
              if (RawMemory.getIntVolatile(s + StateLayout.PENDING) != 0) {
                cpu.rip(target);
                cpu.retire(passed);
                return false;
              }
              pc = enter(target);
              from = pc;
              continue;
            }

          case Ops.GOTO:
            passed += pc - 2 - from;
            pc = (int) w1;
            from = pc;
            continue;

          case Ops.NEXT_PAGE:
            passed -= 2;
            break;

          case Ops.INTEGER:
            units.integer.execute(store.instructions[(int) w1]);
            continue;
          case Ops.SSE:
            units.sse.execute(cpu, store.instructions[(int) w1]);
            continue;

          default:
            {
              int op = (int) w0 & Ops.MASK;
              if (op >= Ops.WARM && op < Ops.CALL32) {
                warm.execute(op, w0, w1);
                continue;
              }
              if (op >= Ops.INTEGER && op < Ops.END) {
                cpu.instructionRip = ripOf(cpu, w0);
                cpu.nextRip = ripAfter(cpu, w0);
                if (units.execute(op, w0, store.instructions[(int) w1])) {
                  continue;
                }
              } else {
                units.leaving = true;
              }
              // The straight line ends: RIP in the state block decides where it goes on.
              boolean real = op >= Ops.CALL32 || op == Ops.SEGMENTED;
              passed += pc - from - (real ? 0 : 2);
              from = pc;
              cpu.retire(passed);
              passed = 0;
              if (units.leaving) {
                ends.leave(op, w0, w1, pc);
              }
              if (RawMemory.getIntVolatile(s + StateLayout.PENDING) != 0) {
                return false;
              }
              pc = enter(cpu.rip());
              from = pc;
              continue;
            }
        }

        // A direct branch is taken.
        passed += pc - from;
        int known = (int) (w1 >>> 32);
        if (known != 0 && RawMemory.getIntVolatile(s + StateLayout.PENDING) == 0) {
          if (((int) w1 & ~0xfff) == 0) {
            pc = known;
            from = known;
            continue;
          }
          int context = (int) (w0 >>> Ops.A);
          if (context == cache.context || context == cache.globalContext) {
            RawMemory.putLong(s + RIP_BASE, ripBase() + ((int) w1 & ~0xfff) & cpu.ripMask);
            pc = known;
            from = known;
            continue;
          }
        }
        pc = branch(w0, w1, pc - 2);
        if (pc < 0) {
          cpu.retire(passed);
          return false;
        }
        from = pc;
      }
    } catch (GuestFault fault) {
      if (atRip || cpu.taskSwitched) {
        atRip = false;
        cpu.retire(passed);
      } else {
        cpu.rip(ripOf(cpu, store.word(pc - 2)));
        cpu.retire(passed + Math.max(0, pc - 2 - from));
      }
      return true;
    }
  }

  /**
   * A taken direct branch at index {@code at} whose target is not known, or known in another
   * context, or with something pending: then -1, and RIP says where to go on.
   */
  private int branch(long w0, long w1, int at) {
    long rip = ripBase() + (int) w1 & cpu.ripMask;
    if (cpu.pending() != 0) {
      cpu.rip(rip);
      return -1;
    }
    int generation = store.generation;
    int target = enter(rip);
    if (target != CodeStore.SINGLE
        && generation == store.generation
        && (store.word(at) & Ops.MASK) == (w0 & Ops.MASK)) {
      // From now on a plain jump: within the page always, to another one in this context.
      long context = (cache.foundContext & 0xffffffffL) << Ops.A;
      boolean near = ((int) w1 & ~0xfff) == 0;
      store.put(
          at,
          near ? w0 : w0 & ~(0xffffffffL << Ops.A) | context,
          w1 & 0xffffffffL | (long) target << 32);
    }
    return target;
  }
}
