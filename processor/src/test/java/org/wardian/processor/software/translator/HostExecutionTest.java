package org.wardian.processor.software.translator;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.wardian.host.HostException;
import org.wardian.host.Mapping;
import org.wardian.memory.RawMemory;

/** Emitted code, executed by the host's processor. */
@EnabledIf("canExecute")
class HostExecutionTest {
  private static final int RAX = HostRegister.RAX;
  private static final int RCX = HostRegister.RCX;
  private static final int RDX = HostRegister.RDX;
  private static final int RDI = HostRegister.RDI;
  private static final int R8 = HostRegister.R8;

  private final RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(5);
  private CodeMemory memory;
  private HostAssembler a;

  static boolean canExecute() {
    if (!System.getProperty("os.arch").equals("amd64")) {
      return false;
    }
    try (Mapping mapping = Mapping.executable(4096)) {
      return mapping.address() != 0;
    } catch (HostException e) {
      return false;
    }
  }

  @BeforeEach
  void open() {
    memory = CodeMemory.executable();
    a = memory.assembler;
  }

  @AfterEach
  void close() {
    memory.close();
  }

  @Test
  void chainsOfArithmeticGiveJavasResults() {
    for (int round = 0; round < 50; round++) {
      memory.start();
      long argument = random.nextLong();
      long expected = argument;
      a.mov(8, RAX, RDI);
      for (int i = 0; i < 20; i++) {
        int value = random.nextInt();
        int count = random.nextInt(1, 64);
        switch (random.nextInt(8)) {
          case 0 -> {
            a.aluImmediate(IntegerAssembler.ADD, 8, RAX, value);
            expected += value;
          }
          case 1 -> {
            a.aluImmediate(IntegerAssembler.XOR, 8, RAX, value);
            expected ^= value;
          }
          case 2 -> {
            a.shift(BitAssembler.ROL, 8, RAX, count);
            expected = Long.rotateLeft(expected, count);
          }
          case 3 -> {
            a.imulImmediate(8, RAX, RAX, value);
            expected *= value;
          }
          case 4 -> {
            a.movImmediate(8, RCX, argument ^ value);
            a.alu(IntegerAssembler.SUB, 8, RAX, RCX);
            expected -= argument ^ value;
          }
          case 5 -> {
            a.bswap(8, RAX);
            expected = Long.reverseBytes(expected);
          }
          case 6 -> {
            a.movsx(8, RDX, 4, RAX);
            a.lea(8, RAX, HostMemory.at(RAX, RDX, 3, value));
            expected += ((long) (int) expected << 3) + value;
          }
          default -> {
            a.aluLoad(IntegerAssembler.ADD, 8, RAX, a.constant(argument * value));
            expected += argument * value;
          }
        }
      }
      a.ret();
      a.writeConstants();
      assertThat(a.hasOpenLabels()).isFalse();
      assertThat(memory.call(argument)).isEqualTo(expected);
    }
  }

  @Test
  void loopsEndAtTheirLabels() {
    int loop = a.newLabel();
    int done = a.newLabel();
    a.mov(8, RCX, RDI);
    a.alu(IntegerAssembler.XOR, 4, RAX, RAX);
    a.bind(loop);
    a.jrcxz(done);
    a.alu(IntegerAssembler.ADD, 8, RAX, RCX);
    a.dec(8, RCX);
    a.jmp(loop);
    a.bind(done);
    a.ret();
    assertThat(memory.call(1000)).isEqualTo(500_500);
  }

  @Test
  void aPatchedJumpGoesToItsNewTarget() {
    int displacement = a.jmpPatchable(a.address());
    a.movImmediate(8, RAX, 1);
    a.ret();
    long second = a.address();
    a.movImmediate(8, RAX, 2);
    a.ret();
    long place = memory.address() + displacement;
    HostAssembler.patch(place, place, place + 4);
    assertThat(memory.call(0)).isEqualTo(1);
    HostAssembler.patch(place, place, second);
    assertThat(memory.call(0)).isEqualTo(2);
  }

  @Test
  void repeatedStoresFillMemory() {
    try (Mapping data = Mapping.anonymous(4096)) {
      a.movImmediate(8, RCX, 100);
      a.movImmediate(8, RAX, 0x0102030405060708L);
      a.rep();
      a.stos(8);
      a.mov(8, RAX, RDI);
      a.ret();
      assertThat(memory.call(data.address())).isEqualTo(data.address() + 800);
      assertThat(RawMemory.getLong(data.address() + 792)).isEqualTo(0x0102030405060708L);
      assertThat(RawMemory.getLong(data.address() + 800)).isZero();
    }
  }

  @Test
  void bmi2ShiftsLeaveTheFlags() throws Exception {
    if (!Files.readString(Path.of("/proc/cpuinfo")).contains(" bmi2 ")) {
      return;
    }
    a.movImmediate(8, RCX, 9);
    a.stc();
    a.shrx(8, RAX, RDI, RCX);
    a.rorx(8, R8, RDI, 7);
    a.lea(8, RAX, HostMemory.at(RAX, R8, 0, 0));
    a.aluImmediate(IntegerAssembler.ADC, 8, RAX, 0);
    a.ret();
    long argument = random.nextLong();
    assertThat(memory.call(argument))
        .isEqualTo((argument >>> 9) + Long.rotateRight(argument, 7) + 1);
  }
}
