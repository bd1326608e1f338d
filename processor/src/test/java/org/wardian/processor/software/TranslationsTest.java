package org.wardian.processor.software;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;
import org.wardian.processor.Flags;
import org.wardian.x86.StateLayout;

/** Translated code where it meets what comes from outside: stops, writes to code, new mappings. */
class TranslationsTest {
  private static final int R8 = 8;

  /** A page of code besides the guest's first. */
  private static final long PAGE = SoftwareGuest.DATA;

  private final SoftwareGuest guest = new SoftwareGuest();
  private final SoftwareVcpu vcpu = guest.add(true);

  @AfterEach
  void close() {
    guest.close();
  }

  private void start(String hex) {
    guest.code(SoftwareGuest.CODE, hex);
    guest.start(vcpu, SoftwareGuest.CODE);
  }

  private void run(String hex) {
    start(hex);
    assertThat(vcpu.run()).isEqualTo(Exit.HALTED);
  }

  private static int flagsOfAddition(long a, long b) {
    long sum = a + b;
    int flags = common(a, b, sum);
    flags |= Long.compareUnsigned(sum, a) < 0 ? Flags.CF : 0;
    return flags | (((a ^ sum) & (b ^ sum)) < 0 ? Flags.OF : 0);
  }

  private static int flagsOfComparison(long a, long b) {
    long difference = a - b;
    int flags = common(a, b, difference);
    flags |= Long.compareUnsigned(a, b) < 0 ? Flags.CF : 0;
    return flags | (((a ^ b) & (a ^ difference)) < 0 ? Flags.OF : 0);
  }

  private static int common(long a, long b, long result) {
    int flags = result == 0 ? Flags.ZF : 0;
    flags |= result < 0 ? Flags.SF : 0;
    flags |= (Long.bitCount(result & 0xff) & 1) == 0 ? Flags.PF : 0;
    return flags | (((a ^ b ^ result) & 0x10) != 0 ? Flags.AF : 0);
  }

  /** What a stop shows is what an interrupt's frame would: flags that nobody reads any more too. */
  @Test
  void aStopShowsTheFlagsOfTheInstructionBeforeIt() throws InterruptedException {
    // 1: add rax,rbx; jo 2f; 2: mov rdx,rax; cmp rax,rcx; jmp 1b
    start("4801d870004889c24839c8ebf3");
    vcpu.gpr(SoftwareGuest.RBX, 0x1234_5678_9abc_def1L);
    vcpu.gpr(SoftwareGuest.RCX, 0x4000_0000_0000_0000L);
    long second = SoftwareGuest.CODE + 5;
    AtomicBoolean done = new AtomicBoolean();
    Thread kicker =
        new Thread(() -> {
          while (!done.get()) {
            vcpu.kick();
            Thread.onSpinWait();
          }
        });
    kicker.start();
    try {
      assertThat(vcpu.run()).isEqualTo(Exit.STOPPED);
      while (vcpu.gpr(SoftwareGuest.RAX) == 0) {
        assertThat(vcpu.run()).isEqualTo(Exit.STOPPED);
      }
      for (int stops = 0; stops < 3_000; stops++) {
        assertThat(vcpu.run()).isEqualTo(Exit.STOPPED);
        long rax = vcpu.gpr(SoftwareGuest.RAX);
        long rbx = vcpu.gpr(SoftwareGuest.RBX);
        long rip = vcpu.rip() - second;
        boolean added = rip == -2 || rip == 0 || rip == 3;
        int expected =
            added
                ? flagsOfAddition(rax - rbx, rbx)
                : flagsOfComparison(rax, vcpu.gpr(SoftwareGuest.RCX));
        assertThat(Flags.get(vcpu.state())).as("flags at 2 %+d", rip).isEqualTo(expected);
      }
    } finally {
      done.set(true);
      kicker.join();
    }
  }

  @Test
  void aBlockEndsWithTheCodeThatItCountedOn() {
    // 1: add rax,rbx; jo 2f; 2: xor rcx,rcx; dec r8; je 3f; mov dword [rdi],49c1920fh; jmp 1b; 3:
    // What is written at 2 is setc cl, and its fourth byte is that of dec again.
    String code = "4801d87000" + "4831c9" + "49ffc8" + "7408" + "c7070f92c149" + "ebeb" + "f4";
    start(code);
    vcpu.gpr(SoftwareGuest.RAX, Long.MAX_VALUE);
    vcpu.gpr(SoftwareGuest.RBX, Long.MIN_VALUE);
    vcpu.gpr(SoftwareGuest.RDI, SoftwareGuest.CODE + 5);
    vcpu.gpr(R8, 2);
    assertThat(vcpu.run()).isEqualTo(Exit.HALTED);

    assertThat(vcpu.gpr(SoftwareGuest.RCX)).isEqualTo(1);
  }

  @Test
  void generationsOfTheMappingMayComeRound() {
    long[] code = {PAGE, PAGE + 0x1000};
    guest.code(code[0], "ffc3c3"); // inc ebx; ret
    guest.code(code[1], "83c310c3"); // add ebx,10h; ret
    guest.put(SoftwareGuest.TABLES + 0x1008, SoftwareGuest.FREE_TABLES | 0x23);
    guest.put(SoftwareGuest.FREE_TABLES, SoftwareGuest.FREE_TABLES + 0x1000 | 0x23);
    guest.put(SoftwareGuest.FREE_TABLES + 0x1000, code[0] | 0x63);
    int[] calls = new int[1];
    guest.onPort(() -> {
      guest.put(SoftwareGuest.FREE_TABLES + 0x1000, code[++calls[0] % 2] | 0x63);
      // 0x800 generations, and one more or less.
      for (int changes = 0; changes < 0x800 + calls[0] % 3 - 1; changes++) {
        vcpu.flushTranslations();
      }
    });
    // 1: mov esp,STACK; call rdi; call rdi; out dx,al; mov cr3,rsi; call rdi; dec r8; jnz 1b
    start("bc00802000ffd7ffd7ee0f22deffd749ffc875ecf4");
    vcpu.gpr(SoftwareGuest.RDI, 1 << 30);
    vcpu.gpr(SoftwareGuest.RSI, SoftwareGuest.TABLES);
    vcpu.gpr(R8, 30);
    assertThat(vcpu.run()).isEqualTo(Exit.HALTED);

    assertThat(vcpu.gpr(SoftwareGuest.RBX)).isEqualTo(15 * (2 + 0x10) + 15 * (2 * 0x10 + 1));
  }

  @Test
  void writesToTranslatedCodeAreSeenAfterTheInterpreterForgotItsOwn() {
    guest.code(PAGE, "ffc3c3"); // inc ebx; ret
    guest.onPort(() -> {
      // As if it had executed code of that page, and then elsewhere with its contexts used up.
      vcpu.cache.find(PAGE, PAGE);
      vcpu.cache.mappings = 0xfffffff;
      vcpu.flushTranslations();
      vcpu.cache.find(SoftwareGuest.CODE, SoftwareGuest.CODE);
    });
    // call rdi; out dx,al; mov byte [rdi+1],cbh; call rdi
    start("ffd7eec64701cbffd7f4");
    vcpu.gpr(SoftwareGuest.RDI, PAGE);
    assertThat(vcpu.run()).isEqualTo(Exit.HALTED);

    // It has become dec ebx.
    assertThat(vcpu.gpr(SoftwareGuest.RBX)).isZero();
  }

  @Test
  void aPageThatIsWrittenAgainAndAgainIsFollowedForEachProcessor() {
    SoftwareVcpu other = guest.add(false);
    for (int n = 0; n < 500; n++) {
      // mov eax,n; hlt
      guest.code(PAGE, "b8%02x%02x0000f4".formatted(n & 0xff, n >> 8));
      for (SoftwareVcpu each : new SoftwareVcpu[] {vcpu, other}) {
        guest.start(each, PAGE);
        assertThat(each.run()).isEqualTo(Exit.HALTED);
        assertThat(each.gpr(SoftwareGuest.RAX)).isEqualTo(n);
      }
    }
  }

  /** Whatever generation the mapping is in: what was never looked up is not found. */
  @Test
  void nothingIsFoundInTheLastPage() {
    guest.put(SoftwareGuest.TABLES, SoftwareGuest.TABLES + 0x1000 | 0x27);
    guest.put(SoftwareGuest.TABLES + 0x1000, SoftwareGuest.TABLES + 0x2000 | 0x27);
    guest.put(SoftwareGuest.TABLES + 0x2000, 0xe7);
    guest.code(0xf00, "f4"); // what would be found: HLT, which is not the user's to execute
    guest.code(SoftwareGuest.CODE, "ffe0"); // jmp rax
    for (int generation = 0; generation <= 0x800; generation++) {
      guest.start(vcpu, SoftwareGuest.CODE);
      long state = vcpu.state();
      user(state + StateLayout.segment(StateLayout.CS));
      user(state + StateLayout.segment(StateLayout.SS));
      RawMemory.putLong(state + StateLayout.CR2, 0);
      vcpu.gpr(SoftwareGuest.RAX, -0x100);
      vcpu.stateChanged();
      assertThat(vcpu.run()).isEqualTo(Exit.TRIPLE_FAULT);
      assertThat(RawMemory.getLong(state + StateLayout.CR2))
          .as("generation %x", generation)
          .isEqualTo(-0x100);
    }
  }

  private static void user(long segment) {
    long attributes = segment + StateLayout.ATTRIBUTES;
    RawMemory.putInt(attributes, RawMemory.getInt(attributes) | 3 << 5);
  }

  /** Bits 48 to 63 of RIP are no place for a guest to choose another mode's code. */
  @Test
  void noAddressThatIsNotCanonicalFindsABlock() {
    // 1: jmp rdi at PAGE, which halts
    guest.code(PAGE, "f4");
    run("ffe7");
    for (int high = 1; high < 0x1_0000; high++) {
      guest.start(vcpu, SoftwareGuest.CODE);
      vcpu.gpr(SoftwareGuest.RDI, PAGE | (long) high << 48);
      assertThat(vcpu.run()).as("bits %x", high).isEqualTo(Exit.TRIPLE_FAULT);
      assertThat(RawMemory.getLong(vcpu.state() + StateLayout.RIP)).isEqualTo(SoftwareGuest.CODE);
    }
  }
}
