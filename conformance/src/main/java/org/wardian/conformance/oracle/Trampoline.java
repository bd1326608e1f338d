package org.wardian.conformance.oracle;

/**
 * The machine code that enters and leaves a case on an x86-64 Linux host.
 *
 * <p>Entry is a signal return: the kernel loads every register, the flags, the code and stack
 * segments and the x87 and SSE state from a signal frame that we wrote, whatever their values. So
 * 16- and 32-bit code needs nothing more than another code selector. Exit is a signal: the
 * breakpoint behind the instruction, or the instruction's own exception, makes the kernel store the
 * same state exactly, with the exception's vector, error code and address. The handler runs on an
 * alternate stack, so the case's stack pointer may be anything.
 *
 * <p>The Java virtual machine uses the same signals for itself. The handler takes only those that
 * arrive on our alternate stack while a case runs, and passes all others to the handler that was
 * there before.
 *
 * <p>Sources: {@code arch/x86/include/uapi/asm/sigcontext.h} and {@code ucontext.h}, Intel SDM vol.
 * 2.
 */
final class Trampoline {
  /** Offsets in the control block. */
  static final int HOST_STACK = 0x00;

  static final int RUNNING = 0x08;
  static final int SIGNAL = 0x0c;
  static final int HOST_FS_BASE = 0x20;
  static final int HOST_GS_BASE = 0x28;
  static final int GUEST_FS_BASE = 0x30;
  static final int GUEST_GS_BASE = 0x38;
  static final int HOST_MASK = 0x40;
  static final int GUEST_DS = 0x48;
  static final int GUEST_ES = 0x4a;
  static final int GUEST_FS = 0x4c;
  static final int GUEST_GS = 0x4e;
  static final int AFTER_DS = 0x50;
  static final int AFTER_ES = 0x52;
  static final int AFTER_FS = 0x54;
  static final int AFTER_GS = 0x56;
  static final int AFTER_FS_BASE = 0x58;
  static final int AFTER_GS_BASE = 0x60;
  static final int HOST_FLOATING_POINT = 0x68;
  static final int STACK_BASE = 0x70;
  static final int STACK_SIZE = 0x78;

  /** {@code struct sigcontext} after the case: 23 registers and the rest, 256 bytes. */
  static final int AFTER_CONTEXT = 0x80;

  /** FXSAVE64 image after the case. */
  static final int AFTER_FX = 0x200;

  /** {@code struct ucontext} that the entry returns to. */
  static final int ENTRY_CONTEXT = 0x400;

  /** FXSAVE64 image that the entry loads. */
  static final int ENTRY_FX = 0x600;

  /** Handlers that were there before, by signal number, 8 bytes each. */
  static final int PREVIOUS = 0x800;

  static final int CONTROL_SIZE = 0x1000;

  /** Offsets in {@code struct ucontext}. */
  static final int UC_FLAGS = 0;

  static final int UC_STACK = 16;
  static final int UC_CONTEXT = 40;
  static final int UC_SIGNAL_MASK = 296;

  /** Offsets in {@code struct sigcontext}, in words of 8 bytes. */
  static final int SC_RIP = 16;

  static final int SC_FLAGS = 17;

  /** CS, GS, FS, SS of 16 bits each. */
  static final int SC_SEGMENTS = 18;

  static final int SC_ERROR = 19;
  static final int SC_TRAP = 20;
  static final int SC_CR2 = 22;
  static final int SC_FX = 23;

  /** Word of {@code struct sigcontext} that holds general register i. */
  static final int[] SC_GPR = {13, 14, 12, 11, 15, 10, 9, 8, 0, 1, 2, 3, 4, 5, 6, 7};

  final byte[] code;

  /** Offset of the signal handler in the code; the entry is at 0. */
  final int handler;

  /** Emits the code for a control block at {@code control}. */
  Trampoline(long control) {
    Assembler a = new Assembler();
    entry(a);
    handler = a.position();
    handler(a, control);
    code = a.code();
  }

  /** {@code long entry(long control)} in the System V convention. */
  private static void entry(Assembler a) {
    a.hex("53 55 41 54 41 55 41 56 41 57"); // push rbx, rbp, r12..r15
    a.hex("48 89 67 00"); // mov [rdi+HOST_STACK], rsp
    a.hex("f3 48 0f ae c0 48 89 47 20"); // rdfsbase rax; mov [rdi+HOST_FS_BASE], rax
    a.hex("f3 48 0f ae c8 48 89 47 28"); // rdgsbase rax; mov [rdi+HOST_GS_BASE], rax
    a.hex("0f ae 5f 68"); // stmxcsr [rdi+HOST_FLOATING_POINT]
    a.hex("d9 7f 6c"); // fnstcw [rdi+HOST_FLOATING_POINT+4]
    a.hex("8e 5f 48 8e 47 4a"); // mov ds, [rdi+GUEST_DS]; mov es, [rdi+GUEST_ES]
    a.hex("8e 67 4c 8e 6f 4e"); // mov fs, [rdi+GUEST_FS]; mov gs, [rdi+GUEST_GS]
    a.hex("48 8b 47 30 f3 48 0f ae d0"); // mov rax, [rdi+GUEST_FS_BASE]; wrfsbase rax
    a.hex("48 8b 47 38 f3 48 0f ae d8"); // mov rax, [rdi+GUEST_GS_BASE]; wrgsbase rax
    a.hex("c7 47 08 01 00 00 00"); // mov dword [rdi+RUNNING], 1
    a.hex("48 8d a7").imm32(ENTRY_CONTEXT); // lea rsp, [rdi+ENTRY_CONTEXT]
    a.hex("b8 0f 00 00 00 0f 05"); // mov eax, rt_sigreturn; syscall
  }

  /** {@code void handler(int signal, siginfo_t *, ucontext_t *)}. */
  private static void handler(Assembler a, long control) {
    Assembler.Label pass = new Assembler.Label();
    Assembler.Label fatal = new Assembler.Label();
    a.hex("48 b8").imm64(control); // mov rax, control
    a.hex("83 78 08 00"); // cmp dword [rax+RUNNING], 0
    a.branch(0x74, pass); // je pass
    a.hex("48 89 e1 48 2b 48 70"); // mov rcx, rsp; sub rcx, [rax+STACK_BASE]
    a.hex("48 3b 48 78"); // cmp rcx, [rax+STACK_SIZE]
    a.branch(0x73, pass); // jae pass
    Assembler.Label take = new Assembler.Label();
    a.branch(0xeb, take); // jmp take
    a.bind(pass);
    a.hex("89 f9 48 8b 84 c8").imm32(PREVIOUS); // mov ecx, edi; mov rax, [rax+rcx*8+PREVIOUS]
    a.hex("48 85 c0"); // test rax, rax
    a.branch(0x74, fatal); // jz fatal
    a.hex("ff e0"); // jmp rax
    a.bind(fatal);
    a.hex("81 c7 80 00 00 00"); // add edi, 128: what a shell reports for a death by signal
    a.hex("b8 e7 00 00 00 0f 05"); // mov eax, exit_group; syscall
    a.bind(take);
    a.hex("c7 40 08 00 00 00 00"); // mov dword [rax+RUNNING], 0
    a.hex("89 78 0c"); // mov [rax+SIGNAL], edi
    a.hex("8c 58 50 8c 40 52 8c 60 54 8c 68 56"); // mov [rax+AFTER_DS..], ds, es, fs, gs
    a.hex("f3 48 0f ae c1 48 89 48 58"); // rdfsbase rcx; mov [rax+AFTER_FS_BASE], rcx
    a.hex("f3 48 0f ae c9 48 89 48 60"); // rdgsbase rcx; mov [rax+AFTER_GS_BASE], rcx
    a.hex("48 8d 72").imm8(UC_CONTEXT); // lea rsi, [rdx+UC_CONTEXT]
    a.hex("48 8d b8").imm32(AFTER_CONTEXT); // lea rdi, [rax+AFTER_CONTEXT]
    a.hex("b9 20 00 00 00 f3 48 a5"); // mov ecx, 32; rep movsq
    a.hex("48 8b b2").imm32(UC_CONTEXT + SC_FX * 8); // mov rsi, [rdx+fpstate]
    a.hex("48 8d b8").imm32(AFTER_FX); // lea rdi, [rax+AFTER_FX]
    a.hex("b9 40 00 00 00 f3 48 a5"); // mov ecx, 64; rep movsq
    a.hex("31 c9 8e d9 8e c1 8e e1 8e e9"); // xor ecx, ecx; mov ds, es, fs, gs, ecx
    a.hex("48 8b 48 20 f3 48 0f ae d1"); // mov rcx, [rax+HOST_FS_BASE]; wrfsbase rcx
    a.hex("48 8b 48 28 f3 48 0f ae d9"); // mov rcx, [rax+HOST_GS_BASE]; wrgsbase rcx
    a.hex("48 8b 60 00"); // mov rsp, [rax+HOST_STACK]
    a.hex("6a 02 9d"); // push 2; popfq: also clears NT and ID
    a.hex("48 89 c3"); // mov rbx, rax
    a.hex("bf 02 00 00 00 48 8d 70 40"); // mov edi, SIG_SETMASK; lea rsi, [rax+HOST_MASK]
    a.hex("31 d2 41 ba 08 00 00 00"); // xor edx, edx; mov r10d, 8
    a.hex("b8 0e 00 00 00 0f 05"); // mov eax, rt_sigprocmask; syscall
    a.hex("db e3 0f ae 53 68 d9 6b 6c"); // fninit; ldmxcsr [rbx+..]; fldcw [rbx+..]
    a.hex("31 c0"); // xor eax, eax
    a.hex("41 5f 41 5e 41 5d 41 5c 5d 5b c3"); // pop r15..r12, rbp, rbx; ret
  }
}
