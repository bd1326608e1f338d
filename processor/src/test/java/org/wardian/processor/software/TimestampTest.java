package org.wardian.processor.software;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.wardian.bus.TimestampCounter;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;
import org.wardian.processor.software.SystemGuest.Processor;
import org.wardian.x86.StateLayout;

/** RDTSC in translated code reads the clock that the interpreter reads. */
class TimestampTest {
  private static final long HERTZ = 1_000_000_000L;
  private static final long OFFSET = 0x1234_5678_9abcL;
  private static final int RAX = 0;
  private static final int RCX = 1;
  private static final int RDX = 2;
  private static final int RBX = 3;

  private final Running time = new Running();
  private final SystemGuest guest = new SystemGuest(time);

  @AfterEach
  void close() {
    guest.close();
  }

  private long start(Processor processor, String hex) {
    guest.clear();
    guest.code(SystemGuest.SYSTEM_CODE, hex);
    processor.reset();
    long s = processor.vcpu().state;
    RawMemory.putLong(s + StateLayout.CR0, 0x80000011L);
    RawMemory.putLong(s + StateLayout.CR4, 0x620);
    RawMemory.putLong(s + StateLayout.EFER, 0x501);
    RawMemory.putLong(s + StateLayout.GPR + 8 * Cpu.RSP, SystemGuest.SYSTEM_STACK);
    RawMemory.putLong(s + StateLayout.RIP, SystemGuest.SYSTEM_CODE);
    return s;
  }

  /** Each processor in turn goes on from where the other one was. */
  @Test
  void neverGoesBack() {
    Processor[] both = {guest.processor(true), guest.processor(false)};
    long last = 0;
    for (int n = 0; n < 20; n++) {
      Processor processor = both[n & 1];
      // l: rdtsc; shl rdx,32; or rax,rdx; cmp rax,rbx; jb bad; mov rbx,rax; dec ecx; jnz l; hlt;
      // bad: ud2
      long s = start(processor, "0f3148c1e2204809d04839d872084889c3ffc975ebf40f0b");
      RawMemory.putLong(s + StateLayout.TSC_OFFSET, OFFSET);
      RawMemory.putLong(s + StateLayout.GPR + 8 * RBX, last);
      RawMemory.putLong(s + StateLayout.GPR + 8 * RCX, 1000);
      processor.vcpu().stateChanged();
      long before = System.nanoTime();
      assertThat(processor.vcpu().run()).isEqualTo(Exit.HALTED);
      long after = System.nanoTime();
      assertThat(processor.vcpu().gpr(RCX)).isZero();
      last = processor.vcpu().gpr(RBX);
      assertThat(last - OFFSET - time.offset).isBetween(before, after);
    }
    assertThat(both[0].vcpu().counters().get("exits-units")).isLessThan(100);
  }

  @Test
  void everythingElseStays() {
    Processor processor = guest.processor(true);
    // stc; rdtscp; mov rdi,[rsp]; pushf; pop rbx; hlt
    long s = start(processor, "f90f01f9488b3c249c5bf4");
    RawMemory.putLong(s + StateLayout.TSC_AUX, 0xabcd);
    for (int r = 0; r < 16; r++) {
      RawMemory.putLong(s + StateLayout.VECTOR + r * StateLayout.VECTOR_STRIDE, 100 + r);
      RawMemory.putLong(s + StateLayout.VECTOR + r * StateLayout.VECTOR_STRIDE + 8, -r);
      if (r > RBX && r != Cpu.RSP) {
        RawMemory.putLong(s + StateLayout.GPR + 8 * r, 1000 + r);
      }
    }
    processor.vcpu().stateChanged();
    assertThat(processor.vcpu().run()).isEqualTo(Exit.HALTED);
    long[] found = new long[48];
    long[] expected = new long[48];
    for (int r = 0; r < 16; r++) {
      found[r] = processor.vcpu().gpr(r);
      expected[r] = r > RBX && r != Cpu.RSP && r != 7 ? 1000 + r : found[r];
      found[16 + r] = RawMemory.getLong(s + StateLayout.VECTOR + r * StateLayout.VECTOR_STRIDE);
      expected[16 + r] = 100 + r;
      found[32 + r] = RawMemory.getLong(s + StateLayout.VECTOR + r * StateLayout.VECTOR_STRIDE + 8);
      expected[32 + r] = -r;
    }
    assertThat(found).containsExactly(expected);
    assertThat(found[RCX]).isEqualTo(0xabcd);
    assertThat(found[RAX] >>> 32 | found[RDX] >>> 32).isZero();
    assertThat(found[RBX] & 1).isEqualTo(1);
    assertThat(found[Cpu.RSP]).isEqualTo(SystemGuest.SYSTEM_STACK);
  }

  @Test
  void userCodeMayBeForbiddenTo() {
    Processor processor = guest.processor(true);
    long s = start(processor, "f4");
    guest.code(SystemGuest.USER_CODE, "0f31f4");
    RawMemory.putLong(s + StateLayout.CR4, 0x624);
    RawMemory.putLong(s + StateLayout.RIP, SystemGuest.USER_CODE);
    SystemGuest.segment(s, StateLayout.CS, SystemGuest.USER_CS, 0xa0fb);
    SystemGuest.segment(s, StateLayout.SS, SystemGuest.USER_SS, 0xc0f3);
    processor.vcpu().stateChanged();
    assertThat(processor.vcpu().run()).isEqualTo(Exit.HALTED);
    assertThat(processor.vcpu().rip()).isEqualTo(SystemGuest.HANDLERS + Vector.GP * 16 + 1);
    assertThat(processor.vcpu().peek(8, 8)).isEqualTo(SystemGuest.USER_CODE);
  }

  /** The host's clock, from some time on. */
  private static final class Running implements TimestampCounter {
    private final long offset = 5 * HERTZ - System.nanoTime();

    @Override
    public long ticks() {
      return System.nanoTime() + offset;
    }

    @Override
    public long frequencyHz() {
      return HERTZ;
    }

    @Override
    public long hostOffset() {
      return offset;
    }
  }
}
