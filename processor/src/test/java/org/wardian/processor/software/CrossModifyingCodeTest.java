package org.wardian.processor.software;

import static org.assertj.core.api.Assertions.assertThat;
import static org.wardian.processor.software.ParallelGuest.Execution.INTERPRETED;
import static org.wardian.processor.software.ParallelGuest.Execution.TRANSLATED;
import static org.wardian.processor.software.translator.HostRegister.R8;
import static org.wardian.processor.software.translator.HostRegister.R9;
import static org.wardian.processor.software.translator.HostRegister.RAX;
import static org.wardian.processor.software.translator.HostRegister.RBX;
import static org.wardian.processor.software.translator.HostRegister.RCX;
import static org.wardian.processor.software.translator.HostRegister.RDI;
import static org.wardian.processor.software.translator.HostRegister.RDX;
import static org.wardian.processor.software.translator.HostRegister.RSI;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.wardian.memory.RawMemory;
import org.wardian.processor.software.ParallelGuest.Execution;
import org.wardian.processor.software.translator.HostAssembler;
import org.wardian.processor.software.translator.HostCondition;
import org.wardian.processor.software.translator.HostMemory;

/**
 * Code that one processor writes and another executes, by the protocol of the Intel SDM vol. 3,
 * "Handling Self- and Cross-Modifying Code": the writer stores the code and then a flag; the other
 * sees the flag, executes a serialising instruction, and then executes the new code.
 */
class CrossModifyingCodeTest {
  private static final int ROUNDS = Integer.getInteger("wardian.crossmodifying.rounds", 400);

  private static final int FLAG = 0;
  private static final int ANSWER = 0x100;
  private static final int ERRORS = 0x200;

  /** Functions, one in each slot: MOV EAX, a number; RET. */
  private static final int CODE = 0x8_0000;

  private static final int SLOT = 64;

  static Stream<List<Execution>> pairs() {
    return Stream.of(
        List.of(INTERPRETED, INTERPRETED),
        List.of(TRANSLATED, TRANSLATED),
        List.of(INTERPRETED, TRANSLATED),
        List.of(TRANSLATED, INTERPRETED));
  }

  private static void waitFor(HostAssembler a, int variable, int value) {
    int wait = a.newLabel();
    int come = a.newLabel();
    a.bind(wait);
    a.aluLoad(HostAssembler.CMP, 4, value, HostMemory.at(RDI, variable));
    a.jcc(HostCondition.BELOW_EQUAL, come);
    a.pause();
    a.jmp(wait);
    a.bind(come);
  }

  private static void serialize(HostAssembler a) {
    a.push(RBX);
    a.movImmediate(4, RAX, 0);
    a.movImmediate(4, RCX, 0);
    // CPUID is no instruction of host code.
    cpuid(a);
    a.pop(RBX);
  }

  private static void cpuid(HostAssembler a) {
    a.x87(0x0f, 0xa2);
  }

  /** Calls the function at RSI, and counts an error where its result is not the number in R8. */
  private static void callAndCheck(HostAssembler a) {
    a.callRegister(RSI);
    int right = a.newLabel();
    a.alu(HostAssembler.CMP, 4, RAX, R8);
    a.jcc(HostCondition.EQUAL, right);
    a.lock();
    a.incStore(4, HostMemory.at(RDI, ERRORS));
    a.bind(right);
  }

  private static int errors(ParallelGuest guest) {
    return RawMemory.getInt(guest.host() + ERRORS);
  }

  /** One function is changed again and again, and each change waits for its answer. */
  @ParameterizedTest
  @MethodSource("pairs")
  void aChangeIsSeenBehindASerializingInstruction(List<Execution> executions) {
    try (ParallelGuest guest = new ParallelGuest(executions)) {
      long function = guest.host() + CODE;
      RawMemory.putByte(function, (byte) 0xb8);
      RawMemory.putByte(function + 5, (byte) 0xc3);
      guest.run((n, a) -> {
        a.movImmediate(4, R8, 0);
        int again = a.here();
        a.aluImmediate(HostAssembler.ADD, 4, R8, 1);
        a.lea(8, RSI, HostMemory.at(RDI, CODE));
        if (n == 0) {
          a.movStore(4, HostMemory.at(RSI, 1), R8);
          a.movStore(4, HostMemory.at(RDI, FLAG), R8);
          waitFor(a, ANSWER, R8);
        } else {
          waitFor(a, FLAG, R8);
          serialize(a);
          callAndCheck(a);
          a.movStore(4, HostMemory.at(RDI, ANSWER), R8);
        }
        a.aluImmediate(HostAssembler.CMP, 4, R8, ROUNDS);
        a.jcc(HostCondition.NOT_EQUAL, again);
      });

      assertThat(errors(guest)).isZero();
    }
  }

  /**
   * Many functions, each written just before it is executed, while the writer goes on with others
   * of the same page: translation of a page begins while stores to it are under way.
   */
  @ParameterizedTest
  @MethodSource("pairs")
  void functionsAreWrittenWhileOthersOfTheirPageAreExecuted(List<Execution> executions) {
    int slots = ROUNDS * 2;
    int passes = 4;
    try (ParallelGuest guest = new ParallelGuest(executions)) {
      guest.run((n, a) -> {
        a.movImmediate(4, R8, 0);
        a.movImmediate(4, R9, 0);
        int pass = a.here();
        a.lea(8, RSI, HostMemory.at(RDI, CODE));
        int again = a.here();
        a.aluImmediate(HostAssembler.ADD, 4, R8, 1);
        if (n == 0) {
          a.movStoreImmediate(1, HostMemory.at(RSI, 0), 0xb8);
          a.movStore(4, HostMemory.at(RSI, 1), R8);
          a.movStoreImmediate(1, HostMemory.at(RSI, 5), 0xc3);
          a.movStore(4, HostMemory.at(RDI, FLAG), R8);
        } else {
          waitFor(a, FLAG, R8);
          serialize(a);
          callAndCheck(a);
          a.movStore(4, HostMemory.at(RDI, ANSWER), R8);
        }
        a.lea(8, RSI, HostMemory.at(RSI, SLOT));
        a.lea(8, RDX, HostMemory.at(RDI, CODE + slots * SLOT));
        a.alu(HostAssembler.CMP, 8, RSI, RDX);
        a.jcc(HostCondition.NOT_EQUAL, again);
        if (n == 0) {
          // The next pass changes what the other may be executing still.
          waitFor(a, ANSWER, R8);
        }
        a.aluImmediate(HostAssembler.ADD, 4, R9, 1);
        a.aluImmediate(HostAssembler.CMP, 4, R9, passes);
        a.jcc(HostCondition.NOT_EQUAL, pass);
      });

      assertThat(errors(guest)).isZero();
    }
  }

  /** Both execute what one changes; with REP STOS, too, which writes in bulk. */
  @ParameterizedTest
  @MethodSource("pairs")
  void bulkStoresAreSeenToo(List<Execution> executions) {
    try (ParallelGuest guest = new ParallelGuest(executions)) {
      guest.run((n, a) -> {
        a.movImmediate(4, R8, 0);
        int again = a.here();
        a.aluImmediate(HostAssembler.ADD, 4, R8, 1);
        if (n == 0) {
          // Eight times MOV EAX, number; RET; NOP; NOP: the number is in bits 39:8.
          a.mov(4, RAX, R8);
          a.shift(HostAssembler.SHL, 8, RAX, 8);
          a.movImmediate(8, RDX, 0x9090_c300_0000_00b8L);
          a.alu(HostAssembler.OR, 8, RAX, RDX);
          a.mov(8, R9, RDI);
          a.lea(8, RDI, HostMemory.at(RDI, CODE));
          a.movImmediate(4, RCX, 512);
          a.rep();
          a.stos(8);
          a.mov(8, RDI, R9);
          a.movStore(4, HostMemory.at(RDI, FLAG), R8);
          a.lea(8, RSI, HostMemory.at(RDI, CODE + 8));
          callAndCheck(a);
          waitFor(a, ANSWER, R8);
        } else {
          waitFor(a, FLAG, R8);
          serialize(a);
          a.lea(8, RSI, HostMemory.at(RDI, CODE + 0x7f8));
          callAndCheck(a);
          a.movStore(4, HostMemory.at(RDI, ANSWER), R8);
        }
        a.aluImmediate(HostAssembler.CMP, 4, R8, ROUNDS);
        a.jcc(HostCondition.NOT_EQUAL, again);
      });

      assertThat(errors(guest)).isZero();
    }
  }
}
