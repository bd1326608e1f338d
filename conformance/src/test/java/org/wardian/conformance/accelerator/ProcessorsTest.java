package org.wardian.conformance.accelerator;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.wardian.bus.IoHandler;
import org.wardian.bus.StateReader;
import org.wardian.bus.StateWriter;
import org.wardian.machine.platform.Platform;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;
import org.wardian.processor.Vcpu;
import org.wardian.x86.StateLayout;

/**
 * Several processors: how they start, wake each other and stop, and that all of that moves from one
 * accelerator to another.
 */
@OnEachAccelerator.Suite
class ProcessorsTest {
  private static final int PROCESSORS = 3;

  private static final long BOOT_CODE = 0x10_0000;

  /** Where a start-up message of vector 0x50 begins; a counter of starts, one of NMIs. */
  private static final long START = 0x5_0000;

  private static final long STARTS = START + 0x100;
  private static final long INTERRUPTS = START + 0x104;
  private static final int REAL_HANDLER = 0x5000_0040;

  // mov ebx,0xfee00300: the interrupt command register
  private static final String COMMAND = "bb0003e0fe";

  // mov dword [rbx], to all others: INIT; start-up, twice; NMI
  private static final String INIT = "c70300450c00";
  private static final String STARTUP = "c70350460c00";
  private static final String NMI = "c70300440c00";

  // mov dx,0x6f0; out dx,al
  private static final String DONE = "66baf006ee";

  // cli; hlt; jmp to the hlt
  private static final String HALT = "faf4ebfd";

  /** Waits until the 32 bits at {@code address} are {@code count}. */
  private static String await(long address, int count) {
    // cmp dword [address],count; pause; jne back
    return "813c25" + word((int) address) + word(count) + "f39075f1";
  }

  private static String word(int value) {
    return HexFormat.of().toHexDigits(Integer.reverseBytes(value));
  }

  /** A machine of several processors, the first of which executes {@link #BOOT_CODE}. */
  private static final class Machine implements AutoCloseable {
    final Platform platform;
    final List<Vcpu> vcpus;

    Machine(Accelerator accelerator) {
      platform = accelerator.platform(GuestLayout.RAM, PROCESSORS);
      vcpus = platform.vcpus();
      GuestLayout.prepare(platform.memory(), GuestImage.named("halts"));
      // lock inc dword cs:[100h]; hlt; jmp to the hlt
      write(START, "2ef066ff060001" + "f4ebfd");
      // lock inc dword cs:[104h]; iret
      write(START + 0x40, "2ef066ff060401" + "cf");
      GuestLayout.putInt(platform.memory(), 4 * 2, REAL_HANDLER);
      platform
          .ports()
          .map(
              GuestLayout.DONE_PORT,
              4,
              new IoHandler() {
                @Override
                public long read(long offset, int size) {
                  return 0;
                }

                @Override
                public void write(long offset, int size, long value) {
                  vcpus.forEach(Vcpu::kick);
                }
              });
      vcpus.stream().skip(1).forEach(Machine::awaitStart);
    }

    private static void awaitStart(Vcpu vcpu) {
      vcpu.reset();
      RawMemory.putInt(vcpu.state() + StateLayout.ACTIVITY, StateLayout.WAITING);
      vcpu.stateChanged();
    }

    void write(long address, String hex) {
      byte[] bytes = HexFormat.of().parseHex(hex);
      platform.memory().write(address, bytes, 0, bytes.length);
    }

    int word(long address) {
      return RawMemory.getInt(platform.memory().hostAddress(address));
    }

    void boot(String hex) {
      write(BOOT_CODE, hex);
      GuestMode.LONG.enter(vcpus.getFirst(), BOOT_CODE);
    }

    /** Runs all until each has stopped; how they did. */
    List<Exit> run() {
      return run(vcpus);
    }

    /** Runs some until each has stopped. */
    List<Exit> run(List<Vcpu> some) {
      List<CompletableFuture<Exit>> runs = new ArrayList<>();
      for (Vcpu vcpu : some) {
        runs.add(
            CompletableFuture.supplyAsync(
                vcpu::run, task -> Thread.ofPlatform().daemon().start(task)));
      }
      CompletableFuture.anyOf(runs.toArray(CompletableFuture[]::new))
          .orTimeout(Guest.LIMIT.toSeconds(), TimeUnit.SECONDS)
          .exceptionally(e -> e instanceof TimeoutException ? Exit.STOPPED : null)
          .join();
      vcpus.forEach(Vcpu::kick);
      return runs.stream().map(CompletableFuture::join).toList();
    }

    @Override
    public void close() {
      platform.close();
    }
  }

  @OnEachAccelerator
  void theOthersBeginWhereTheStartupMessageSays(Accelerator accelerator) {
    try (Machine machine = new Machine(accelerator)) {
      machine.boot(
          COMMAND + INIT + STARTUP + STARTUP + await(STARTS, PROCESSORS - 1) + DONE + HALT);

      assertThat(machine.run()).containsOnly(Exit.STOPPED);
      assertThat(machine.word(STARTS)).isEqualTo(PROCESSORS - 1);
      for (Vcpu other : machine.vcpus.subList(1, PROCESSORS)) {
        long s = other.state();
        assertThat(RawMemory.getLong(s + StateLayout.segment(StateLayout.CS) + StateLayout.BASE))
            .isEqualTo(START);
        assertThat(RawMemory.getLong(s + StateLayout.CR0) & 1).as("real mode").isZero();
      }
    }
  }

  @OnEachAccelerator
  void withoutAStartupMessageTheyWait(Accelerator accelerator) {
    try (Machine machine = new Machine(accelerator)) {
      machine.boot(COMMAND + INIT + NMI + DONE + HALT);

      assertThat(machine.run()).containsOnly(Exit.STOPPED);
      assertThat(machine.word(STARTS)).isZero();
      assertThat(machine.word(INTERRUPTS)).isZero();
      for (Vcpu other : machine.vcpus.subList(1, PROCESSORS)) {
        assertThat(RawMemory.getInt(other.state() + StateLayout.ACTIVITY))
            .isEqualTo(StateLayout.WAITING);
      }
    }
  }

  @OnEachAccelerator
  void aNonMaskableInterruptWakesThoseThatHaveHalted(Accelerator accelerator) {
    try (Machine machine = new Machine(accelerator)) {
      machine.boot(
          COMMAND
              + INIT
              + STARTUP
              + STARTUP
              + await(STARTS, PROCESSORS - 1)
              + NMI
              + await(INTERRUPTS, PROCESSORS - 1)
              + DONE
              + HALT);

      assertThat(machine.run()).containsOnly(Exit.STOPPED);
    }
  }

  @OnEachAccelerator
  void theEndHasComeWhenAllHaveHaltedForGood(Accelerator accelerator) {
    try (Machine machine = new Machine(accelerator)) {
      machine.boot(COMMAND + INIT + STARTUP + STARTUP + await(STARTS, PROCESSORS - 1) + HALT);

      assertThat(machine.run()).contains(Exit.HALTED).isSubsetOf(Exit.HALTED, Exit.STOPPED);
    }
  }

  @OnEachAccelerator
  void theEndHasComeWhenTheFirstHaltsBeforeTheOthersStarted(Accelerator accelerator) {
    try (Machine machine = new Machine(accelerator)) {
      machine.boot(HALT);

      assertThat(machine.run()).contains(Exit.HALTED).isSubsetOf(Exit.HALTED, Exit.STOPPED);
    }
  }

  @OnEachAccelerator
  void theEndHasComeWhenAllThatAreThereHaveHalted(Accelerator accelerator) {
    try (Machine machine = new Machine(accelerator)) {
      for (int other = 1; other < PROCESSORS; other++) {
        machine.platform.present(other, false);
      }
      machine.boot(HALT);

      assertThat(machine.run(machine.vcpus.subList(0, 1))).containsExactly(Exit.HALTED);
    }
  }

  static Stream<Arguments> pairs() {
    return Accelerator.pairs();
  }

  @ParameterizedTest(name = "from {0} to {1}")
  @MethodSource("pairs")
  void allOfThemMove(Accelerator from, Accelerator to) throws Exception {
    byte[] state;
    String rest = NMI + await(INTERRUPTS, PROCESSORS - 1) + DONE + HALT;
    String start = COMMAND + INIT + STARTUP + STARTUP + await(STARTS, PROCESSORS - 1) + DONE + rest;
    try (Machine machine = new Machine(from)) {
      machine.boot(start);
      assertThat(machine.run()).containsOnly(Exit.STOPPED);
      machine.platform.pause();
      StateWriter out = new StateWriter();
      machine.platform.save(out);
      state = out.toByteArray();
    }
    try (Machine machine = new Machine(to)) {
      machine.write(BOOT_CODE, start);
      machine.platform.load(new StateReader(state));
      for (Vcpu vcpu : machine.vcpus) {
        GuestMode.restored(vcpu);
      }
      machine.platform.resume();

      assertThat(machine.run()).containsOnly(Exit.STOPPED);
      assertThat(machine.word(INTERRUPTS)).isEqualTo(PROCESSORS - 1);
    }
  }
}
