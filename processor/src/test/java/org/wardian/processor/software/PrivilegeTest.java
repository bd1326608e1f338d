package org.wardian.processor.software;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;
import org.wardian.processor.Flags;
import org.wardian.processor.software.SystemGuest.Processor;
import org.wardian.x86.StateLayout;

/**
 * System code and user code that call each other by SYSCALL, SYSRET, interrupts and IRET leave the
 * same whether they are translated or interpreted: random programs, with everything now and then
 * that must not be taken for the usual case.
 */
class PrivilegeTest {
  private static final int PROGRAMS = Integer.getInteger("wardian.fuzz.iterations", 1500);

  /** Blocks of code of each privilege, and bytes between their starts. */
  private static final int BLOCKS = 6;

  private static final int BLOCK = 0x200;
  private static final int TRANSFERS = 90;

  /** Where flags are ordinary: IF, and nothing else but status. */
  private static final int PLAIN_FLAGS = 0x202;

  private static final String[] COMMON = {
    "4801d8", // add rax,rbx
    "4829c3", // sub rbx,rax
    "4883c005", // add rax,5
    "49ffc0", // inc r8
    "4d01c8", // add r8,r9
    "4d29d4", // sub r12,r10
    "4c11f8", // adc rax,r15
    "4819c2", // sbb rdx,rax
    "4839d8", // cmp rax,rbx
    "0f92c0", // setc al
    "48f7db", // neg rbx
    "7503480fc8", // jnz over: bswap rax
    "f8", // clc
    "f9", // stc
    "9c58", // pushf; pop rax
    "9c5b", // pushf; pop rbx
    "9c415a", // pushf; pop r10
    "8cd8", // mov eax,ds
    "488cd0", // mov rax,ss
    "668cc8", // mov ax,cs
    "8ce2", // mov edx,fs
    "4d8cc7", // mov r15,es
    "fc", // cld
    "51b91000000057f348ab5f59", // push rcx; mov ecx,16; push rdi; rep stosq; pop rdi; pop rcx
    "51b92300000057f3aa5f59", // rep stosb
    "515756488d7740b925000000f3a45e5f59", // rep movsb
    "515756488d7703b907000000f3a55e5f59", // rep movsd
    "5157b900000000f3aa5f59", // nothing to store
    "48894728", // mov [rdi+28h],rax
    "48035f10", // add rbx,[rdi+10h]
    "48ff4710", // inc qword [rdi+10h]
    "f3480faec0", // rdfsbase rax
    "f30faeca", // rdgsbase edx
    "f3410faed0", // wrfsbase r8d
    "f30faed3", // wrfsbase ebx
    "0fa24889c8", // cpuid; mov rax,rcx
    "51b911000000480fab0f59", // push rcx; mov ecx,17; bts [rdi],rcx; pop rcx
    "51b9fbffffff4863c9480fb30f59", // mov ecx,-5; movsxd rcx,ecx; btr [rdi],rcx
    "51b9fbffffff0fbb0f59", // mov ecx,-5; btc [rdi],ecx
    "51b9641f00000fa34f0459", // mov ecx,8036; bt [rdi+4],ecx
    "51b923000000f0480fab4f0859", // lock bts [rdi+8],rcx
    "51b923000000480fbb4f0359", // btc [rdi+3],rcx
    "480fc70f", // cmpxchg16b [rdi]
    "f0480fc74f10", // lock cmpxchg16b [rdi+10h]
    "0fc70f", // cmpxchg8b [rdi]
    "90",
  };

  /** Rare: what faults, or sets what is not usual. */
  private static final String[] RARE = {
    "fd", // std
    "9c81342400040000" + "9d", // DF by POPF
    "9c810c2400000400" + "9d", // AC
    "9c810c2400010000" + "9d", // TF
    "9c810c2400400000" + "9d", // NT
    "f3480faed0", // wrfsbase rax
    "f3480faedb", // wrgsbase rbx
    "cc", // int3
    "51b90001000057f348ab5f59", // rep stosq over the end of the page
    "e600", // out 0,al
    "480fc74f08", // cmpxchg16b [rdi+8]
    "f00fc74f7c", // lock cmpxchg8b [rdi+7ch]
  };

  private static final String[] SYSTEM = {
    "fa", // cli
    "fb", // sti
    "fb90", // sti; nop
    "fb48ffc0", // sti; inc rax
    "fbfa", // sti; cli
    "0f01f8", // swapgs
    "0f01cb", // stac
    "0f01ca", // clac
    "0f20c0", // mov rax,cr0
    "0f20d3", // mov rbx,cr2
    "410f20d9", // mov r9,cr3
    "0f20e2", // mov rdx,cr4
    "440f20c0", // mov rax,cr8
    "9c5afa52fb", // pushf; pop rdx; cli; push rdx; sti
    "e600", // out 0,al: an interrupt
    "fae600fb", // cli; out 0,al; sti
    "fae60090fb48ffc0", // cli; out 0,al; nop; sti; inc rax
    "fae600fbfa", // cli; out 0,al; sti; cli
    "b9800000c0b801050000ba000000000f30", // wrmsr
    "b9810000c00f3250", // rdmsr; push rax
  };

  private final SystemGuest guest = new SystemGuest();
  private final Processor interpreted = guest.processor(false);
  private final Processor translated = guest.processor(true);
  private final HexFormat hex = HexFormat.of();

  @AfterEach
  void close() {
    guest.close();
  }

  @Test
  void randomPrograms() {
    Random random = new Random(Long.getLong("wardian.fuzz.seed", 1));
    for (int n = 0; n < PROGRAMS; n++) {
      compare(n, random);
    }
  }

  /** What the fast ways are for is what they do. */
  @Test
  void callsStayInHostCode() {
    guest.clear();
    // swapgs; sti; cli; swapgs; sysretq
    guest.code(SystemGuest.SYSTEM_CODE, "0f01f8fbfa0f01f8480f07");
    // l: syscall; dec ebx; jnz l; mov [rdi],rbx; int 21h
    guest.code(SystemGuest.USER_CODE, "0f05ffcb75fa48891fcd21");
    prepare(translated, new Random(3), true);
    RawMemory.putLong(translated.vcpu().state + StateLayout.GPR + 8 * 3, 10_000);
    assertThat(enterUser(translated)).isEqualTo(Exit.HALTED);
    assertThat(guest.get(SystemGuest.USER_DATA)).isZero();
    assertThat(translated.vcpu().rip()).isEqualTo(SystemGuest.HANDLERS + 0x21 * 16 + 1);
    assertThat(translated.vcpu().counters().get("exits-units")).isLessThan(50);
  }

  @Test
  void interruptReturnsStayInHostCode() {
    guest.clear();
    // l: push 10h; push STACK; push 202h; push 8; push m; iretq; m: dec ebx; jnz l; cli; hlt
    int code = (int) SystemGuest.SYSTEM_CODE;
    int stack = (int) SystemGuest.SYSTEM_STACK;
    guest.code(
        code,
        "6a10"
            + ("68" + little(stack, 4))
            + "6802020000"
            + "6a08"
            + ("68" + little(code + 21, 4))
            + "48cf"
            + "ffcb75e7faf4");
    prepare(translated, new Random(3), true);
    RawMemory.putLong(translated.vcpu().state + StateLayout.GPR + 8 * 3, 10_000);
    assertThat(translated.vcpu().run()).isEqualTo(Exit.HALTED);
    assertThat(translated.vcpu().gpr(3)).isZero();
    assertThat(translated.vcpu().counters().get("exits-units")).isLessThan(50);
  }

  // ---- programs

  private void compare(int n, Random random) {
    guest.clear();
    for (int k = 0; k < BLOCKS; k++) {
      guest.code(SystemGuest.SYSTEM_CODE + k * BLOCK, block(random, true));
      guest.code(SystemGuest.USER_CODE + k * BLOCK, block(random, false));
    }
    guest.keep();
    long seed = random.nextLong();
    prepare(interpreted, new Random(seed), false);
    Exit expected = interpreted.vcpu().run();
    byte[] memory = guest.contents();
    String state = describe(interpreted.vcpu());
    guest.restore();
    prepare(translated, new Random(seed), false);
    assertThat(translated.vcpu().run()).as("program %d", n).isEqualTo(expected);
    assertThat(describe(translated.vcpu())).as("program %d", n).isEqualTo(state);
    assertThat(guest.contents()).as("memory of program %d", n).isEqualTo(memory);
  }

  private static String little(long value, int bytes) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < bytes; i++) {
      text.append("%02x".formatted(value >>> 8 * i & 0xff));
    }
    return text.toString();
  }

  private String block(Random random, boolean system) {
    StringBuilder code = new StringBuilder();
    // sub dword [COUNTER],1; jns over: cli; hlt
    code.append("832c25").append(little(SystemGuest.COUNTER, 4)).append("017902faf4");
    int length = 2 + random.nextInt(9);
    for (int i = 0; i < length; i++) {
      int kind = random.nextInt(100);
      String[] from = kind < 2 ? RARE : system && kind < 45 ? SYSTEM : COMMON;
      code.append(from[random.nextInt(from.length)]);
    }
    return code.append(system ? systemEnd(random) : userEnd(random)).toString();
  }

  private static long place(Random random, long area) {
    return area + random.nextInt(BLOCKS) * BLOCK;
  }

  private static int image(Random random) {
    if (random.nextInt(12) != 0) {
      return PLAIN_FLAGS & ~(random.nextInt(4) == 0 ? 0x200 : 0) | random.nextInt() & Flags.STATUS;
    }
    return random.nextInt() & 0x3fffff;
  }

  private String systemEnd(Random random) {
    boolean odd = random.nextInt(25) == 0;
    int way = random.nextInt(10);
    if (way < 4) {
      // mov rcx,..; mov r11,..; sysretq
      long target = place(random, SystemGuest.USER_CODE);
      target = odd ? target | 1L << 47 + random.nextInt(16) : target;
      String flags = little(image(random), 8);
      String stack = "48bc" + little(SystemGuest.USER_STACK, 8);
      return stack + "48b9" + little(target, 8) + "49bb" + flags + (odd ? "0f07" : "480f07");
    }
    if (way < 8) {
      return interruptReturn(random, random.nextInt(3) == 0, odd);
    }
    // mov rsp,..; mov rax,..; jmp rax
    return "48bc"
        + little(SystemGuest.SYSTEM_STACK, 8)
        + "48b8"
        + little(place(random, SystemGuest.SYSTEM_CODE), 8)
        + "ffe0";
  }

  private static String interruptReturn(Random random, boolean same, boolean odd) {
    int code = same ? SystemGuest.SYSTEM_CS : SystemGuest.USER_CS;
    int data = same ? random.nextBoolean() ? SystemGuest.SYSTEM_SS : 0 : SystemGuest.USER_SS;
    if (odd) {
      code = random.nextInt(0x48);
      data = random.nextBoolean() ? data : random.nextInt(0x48);
    }
    long target = place(random, same ? SystemGuest.SYSTEM_CODE : SystemGuest.USER_CODE);
    long stack = same ? SystemGuest.SYSTEM_STACK : SystemGuest.USER_STACK;
    return "6a%02x".formatted(data)
        + ("68" + little(stack - 8 * random.nextInt(4), 4))
        + ("68" + little(image(random), 4))
        + "6a%02x".formatted(code)
        + ("68" + little(target, 4))
        + (random.nextInt(30) == 0 ? "cf" : "48cf");
  }

  private static String userEnd(Random random) {
    int way = random.nextInt(10);
    if (way < 6) {
      return "0f05"; // syscall
    }
    if (way < 8) {
      return "cd80"; // int 80h: to system code
    }
    return "48b8" + little(place(random, SystemGuest.USER_CODE), 8) + "ffe0";
  }

  // ---- states

  private void prepare(Processor processor, Random random, boolean usual) {
    SoftwareVcpu vcpu = processor.vcpu();
    processor.reset();
    long s = vcpu.state;
    for (int r = 0; r < 16; r++) {
      RawMemory.putLong(
          s + StateLayout.GPR + 8 * r, random.nextInt(3) == 0 ? r : random.nextLong());
    }
    boolean odd = !usual && random.nextInt(4) == 0;
    long data = odd && random.nextInt(3) == 0 ? SystemGuest.SYSTEM_DATA : SystemGuest.USER_DATA;
    RawMemory.putLong(s + StateLayout.GPR + 8 * 7, data);
    RawMemory.putLong(s + StateLayout.GPR + 8 * 4, SystemGuest.SYSTEM_STACK);
    long cr4 = 0x620 | (odd && random.nextBoolean() ? 0 : 1 << 16);
    cr4 |= odd && random.nextInt(3) == 0 ? 1 << 21 : 0;
    RawMemory.putLong(s + StateLayout.CR4, cr4);
    long cr0 = 0x80000011L | (odd && random.nextInt(3) == 0 ? Cpu.CR0_AM : 0);
    RawMemory.putLong(s + StateLayout.CR0, cr0);
    RawMemory.putLong(s + StateLayout.EFER, odd && random.nextInt(5) == 0 ? 0x500 : 0x501);
    long mask = odd && random.nextInt(2) == 0 ? random.nextInt() & 0x3fffff : 0x257fd5;
    RawMemory.putLong(s + StateLayout.FMASK, mask);
    long calls = SystemGuest.SYSTEM_CS | (long) (SystemGuest.USER_CS - 16) << 16;
    RawMemory.putLong(s + StateLayout.STAR, calls << 32);
    RawMemory.putLong(
        s + StateLayout.LSTAR,
        usual ? SystemGuest.SYSTEM_CODE : place(random, SystemGuest.SYSTEM_CODE));
    RawMemory.putLong(s + StateLayout.KERNEL_GS_BASE, random.nextLong() >> 16);
    RawMemory.putLong(s + StateLayout.segment(StateLayout.GS) + StateLayout.BASE, 0x1234);
    RawMemory.putLong(s + StateLayout.EFLAGS, random.nextBoolean() ? 2 : PLAIN_FLAGS);
    Flags.set(s, random.nextInt());
    if (odd && random.nextInt(3) == 0) {
      int segment = StateLayout.segment(StateLayout.ES);
      RawMemory.putShort(s + segment, (short) SystemGuest.SYSTEM_SS);
      RawMemory.putInt(s + segment + StateLayout.ATTRIBUTES, 0xc093);
    }
    RawMemory.putByte(s + StateLayout.NMI_BLOCKED, (byte) (odd && random.nextInt(4) == 0 ? 1 : 0));
    RawMemory.putLong(s + StateLayout.RIP, SystemGuest.SYSTEM_CODE);
    guest.put(SystemGuest.COUNTER, TRANSFERS);
    vcpu.stateChanged();
  }

  /** Starts at the user's code instead. */
  private static Exit enterUser(Processor processor) {
    long s = processor.vcpu().state;
    RawMemory.putLong(s + StateLayout.RIP, SystemGuest.USER_CODE);
    SystemGuest.segment(s, StateLayout.CS, SystemGuest.USER_CS, 0xa0fb);
    SystemGuest.segment(s, StateLayout.SS, SystemGuest.USER_SS, 0xc0f3);
    processor.vcpu().stateChanged();
    return processor.vcpu().run();
  }

  private String describe(SoftwareVcpu vcpu) {
    long s = vcpu.state();
    StringBuilder text = new StringBuilder();
    for (int r = 0; r < 16; r++) {
      text.append("r%d %x%n".formatted(r, vcpu.gpr(r)));
    }
    text.append("rip %x flags %x cpl %d%n".formatted(vcpu.rip(), vcpu.rflags(), vcpu.cpl));
    byte[] bytes = new byte[StateLayout.SEGMENT_STRIDE];
    for (int segment = 0; segment < 9; segment++) {
      RawMemory.copy(s + StateLayout.segment(segment), bytes, 0, 24);
      text.append("segment %d %s%n".formatted(segment, hex.formatHex(bytes)));
    }
    for (int at : new int[] {StateLayout.CR2, StateLayout.KERNEL_GS_BASE, StateLayout.DR6}) {
      text.append("%x: %x%n".formatted(at, RawMemory.getLong(s + at)));
    }
    int shadow = RawMemory.getInt(s + StateLayout.INTERRUPT_SHADOW);
    return text.append(
            "shadow %d nmi %d".formatted(shadow, RawMemory.getByte(s + StateLayout.NMI_BLOCKED)))
        .toString();
  }
}
