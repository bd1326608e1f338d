package org.wardian.processor.software;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.util.HexFormat;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.wardian.memory.RawMemory;
import org.wardian.x86.CpuModel;
import org.wardian.x86.Decoder;
import org.wardian.x86.Form;
import org.wardian.x86.FormSampler;
import org.wardian.x86.Instruction;
import org.wardian.x86.InstructionTable;
import org.wardian.x86.Operation;

/**
 * The verifier accepts what the emitter writes for random blocks, and of what becomes of that when
 * bytes of it are changed nothing that does harm.
 */
class MutatedBlocksTest {
  private static final int MUTATIONS = Integer.getInteger("wardian.fuzz.iterations", 20_000);
  private static final int PER_BLOCK = 40;
  private static final int RUNS = 2;
  private static final int CAPACITY = 64 * 1024;
  private static final int PAGE = 4096;
  private static final long RIP = 0x40_1000;
  private static final int SLACK = 64;

  private final RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(4);
  private final Decoder decoder = new Decoder(CpuModel.standard());
  private final List<Form> forms =
      InstructionTable.forms().stream().filter(form -> form.validIn(8)).toList();
  private final FormSampler sampler = new FormSampler();
  private final byte[] page = new byte[PAGE + 15];
  private HostCode shared;
  private Exits exits;
  private BlockEmitter emitter;
  private VerifiedTranslation verified;
  private HostileEmulator emulator;

  // The block made last.
  private TranslatedBlock block;
  private byte[] code;
  private int length;
  private int first;
  private int body;

  @BeforeEach
  void open() {
    assumeThat(System.getProperty("os.arch")).isEqualTo("amd64");
    shared = new HostCode(1);
    exits = new Exits();
    emitter = new BlockEmitter(exits);
    verified = new VerifiedTranslation(exits, shared);
    emulator = new HostileEmulator(random, VerifiedTranslation.rules(), shared, exits);
  }

  @AfterEach
  void close() {
    if (shared != null) {
      emulator.close();
      shared.close();
    }
  }

  /** Translates random instructions that are all emitted. */
  private void make() {
    boolean user = random.nextBoolean();
    GuestBlock guest = new GuestBlock(decoder);
    guest.supervisor = !user;
    Instruction i = new Instruction();
    int at = 0;
    int wanted = 1 + random.nextInt(7);
    for (int n = 0; n < wanted; ) {
      byte[] bytes = sampler.sample(forms.get(random.nextInt(forms.size())), random, 8);
      boolean emitted =
          decoder.decode(bytes, 0, bytes.length, 8, i) == Decoder.OK
              && (Emittable.is(i, true, true) || SystemEmitter.is(i, !user));
      if (emitted && (n == wanted - 1 || !GuestBlock.ends(i))) {
        System.arraycopy(bytes, 0, page, at, bytes.length);
        at += bytes.length;
        n++;
      }
    }
    page[at] = (byte) 0xcc;
    guest.find(page, 0, PAGE, GuestBlock.LIMIT, true, true);
    exits.clear();
    first = exits.next();
    int mode = (user ? Mmu.USER : Mmu.SUPERVISOR) | Translations.SSE | Translations.X87;
    block = new TranslatedBlock(RIP, RIP, mode, 0, guest.offsets[guest.count]);
    long run = shared.next();
    length = emitter.emit(guest, block, RIP, mode & 3, run, CAPACITY, run, shared);
    body = emitter.body();
    code = new byte[length + SLACK];
    RawMemory.copy(run, code, 0, length);
  }

  private String verify(byte[] bytes) {
    return verified.verify(bytes, block, shared.next(), length, body, first);
  }

  private String run(byte[] bytes) {
    return emulator.run(bytes, length, shared.next(), block.mode & 3, first);
  }

  private String text(byte[] bytes) {
    return HexFormat.of().formatHex(page, 0, block.to)
        + " as "
        + HexFormat.of().formatHex(bytes, 0, length)
        + " at "
        + Long.toHexString(shared.next());
  }

  @Test
  void acceptedBlocksDoNoHarm() {
    int accepted = 0;
    int harmfulRefused = 0;
    for (int n = 0; n < MUTATIONS; n += PER_BLOCK) {
      make();
      assertThat(verify(code)).as(text(code)).isNull();
      assertThat(run(code)).as(text(code)).isNull();
      for (int k = 0; k < PER_BLOCK; k++) {
        byte[] mutant = mutated();
        boolean passes = verify(mutant) == null;
        if (!canRun(mutant, passes)) {
          continue;
        }
        for (int run = 0; run < (passes ? RUNS : 1) && (passes || k % 8 == 0); run++) {
          String harm = run(mutant);
          if (passes) {
            assertThat(harm).as(text(mutant)).isNull();
          } else if (harm != null) {
            harmfulRefused++;
          }
        }
        accepted += passes ? 1 : 0;
      }
    }
    // The judge sees harm where there is some, and has something to judge.
    assertThat(accepted).isGreaterThan(MUTATIONS / 50);
    assertThat(harmfulRefused).isGreaterThan(MUTATIONS / 200);
  }

  private byte[] mutated() {
    byte[] mutant = code.clone();
    int count = random.nextInt(4) == 0 ? 2 : 1;
    for (int i = 0; i < count; i++) {
      int at = random.nextInt(length);
      mutant[at] =
          (byte) (random.nextBoolean() ? mutant[at] ^ 1 << random.nextInt(8) : random.nextInt(256));
    }
    return mutant;
  }

  /** Whether all instructions are the interpreter's and the code ends. */
  private boolean canRun(byte[] mutant, boolean passes) {
    Decoder all = new Decoder(CpuModel.everything());
    Instruction in = new Instruction();
    for (int at = 0; at < length; at += in.length) {
      if (all.decode(mutant, at, length - at, 8, in) != Decoder.OK) {
        return false;
      }
      long target = at + in.length + in.immediate;
      boolean back = in.kind0 == Instruction.RELATIVE && target >= 0 && target <= at;
      boolean waits = in.form.operation() == Operation.HLT || in.form.operation() == Operation.POPF;
      boolean anywhere =
          in.form.operation() == Operation.JMP && in.kind0 != Instruction.RELATIVE && !passes;
      if (back || waits || anywhere || !passes && isSystem(in)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isSystem(Instruction in) {
    return switch (in.form.operation()) {
      case MOV_CR, MOV_DR, WRMSR, LIDT, LGDT, LMSW, STI, INT, IRET, SYSRET, SYSCALL -> true;
      default -> false;
    };
  }
}
