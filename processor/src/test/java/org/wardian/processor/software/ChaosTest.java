package org.wardian.processor.software;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;
import org.wardian.x86.StateLayout;

/**
 * Several processors execute code that rewrites itself and the others' without any order, while a
 * device writes to it too. What becomes of the guest does not matter; it must not become Java's
 * end, no block may be refused by the verifier, and every processor must stop when it is told to.
 *
 * <p>{@code wardian.chaos.rounds} says how long, {@code wardian.chaos.seed} which chaos.
 */
class ChaosTest {
  private static final int ROUNDS = Integer.getInteger("wardian.chaos.rounds", 150);
  private static final long SEED = Long.getLong("wardian.chaos.seed", 20261122);

  /** Four pages of functions, writable and executable as all that there is. */
  private static final long CODE = ParallelGuest.AREA;

  private static final int CODE_SIZE = 0x4000;
  private static final int SLOT = 48;

  /** How an instruction looks that fits anywhere: '.' is a random byte, 'C' a place in the code. */
  private static final String[] INSTRUCTIONS = {
    "90",
    "f390",
    "0fa2",
    "0faef0",
    "83c0.",
    "81c2....",
    "4801d8",
    "89C",
    "c787CCCC....",
    "c687CCCC.",
    "8987CCCC",
    "488987CCCC",
    "f0ff87CCCC",
    "f0480fc187CCCC",
    "f00fab87CCCC",
    "4887b7CCCC",
    "f00fb197CCCC",
    "8b87CCCC",
    "0f1187CCCC",
    "0f1087CCCC",
    "e8RRRR",
    "e9RRRR",
    "0f84RRRR",
    "0f85RRRR",
    "7402",
    "75fc",
    "c3",
    "0f013f",
    "0f20d8",
    "0f22d8",
    "fa",
    "9c58",
    "f348ab",
    "....",
    "f4"
  };

  private final SoftwareGuest guest = new SoftwareGuest();
  private final List<SoftwareVcpu> vcpus = new ArrayList<>();

  private static byte[] instruction(Random random) {
    String template = INSTRUCTIONS[random.nextInt(INSTRUCTIONS.length)];
    List<Byte> bytes = new ArrayList<>();
    int place = random.nextInt(CODE_SIZE - 16);
    int jump = (random.nextInt(CODE_SIZE / SLOT) - CODE_SIZE / SLOT / 2) * SLOT;
    int digit = 0;
    for (int i = 0; i < template.length(); ) {
      char c = template.charAt(i);
      if (c == '.') {
        bytes.add((byte) random.nextInt());
        i++;
      } else if (c == 'C' || c == 'R') {
        bytes.add((byte) ((c == 'C' ? place : jump) >> 8 * digit++));
        i++;
      } else {
        bytes.add((byte) Integer.parseInt(template.substring(i, i + 2), 16));
        i += 2;
      }
    }
    byte[] code = new byte[bytes.size()];
    for (int i = 0; i < code.length; i++) {
      code[i] = bytes.get(i);
    }
    return code;
  }

  /** Writes some functions anew, as a device would. */
  private void scribble(Random random, int functions) {
    for (int n = 0; n < functions; n++) {
      long at = CODE + random.nextInt(CODE_SIZE / SLOT) * SLOT;
      byte[] function = new byte[SLOT];
      int length = 0;
      while (length < SLOT - 12) {
        byte[] i = instruction(random);
        System.arraycopy(i, 0, function, length, i.length);
        length += i.length;
      }
      function[length] = (byte) 0xc3;
      guest.memory.write(at, function, 0, SLOT);
    }
  }

  private void pageTables() {
    guest.put(SoftwareGuest.TABLES, SoftwareGuest.TABLES + 0x1000 | 0x23);
    guest.put(SoftwareGuest.TABLES + 0x1000, SoftwareGuest.TABLES + 0x2000 | 0x23);
    for (int i = 0; i < 4; i++) {
      guest.put(SoftwareGuest.TABLES + 0x2000 + i * 8L, (long) i << 21 | 0xe3);
    }
  }

  private int run(SoftwareVcpu vcpu, Random random) {
    int ends = 0;
    for (int round = 0; round < ROUNDS; round++) {
      pageTables();
      guest.start(vcpu, CODE + random.nextInt(CODE_SIZE / SLOT) * SLOT);
      long s = vcpu.state();
      RawMemory.putLong(s + StateLayout.GPR + 8 * SoftwareGuest.RDI, CODE);
      RawMemory.putLong(
          s + StateLayout.GPR + 8 * SoftwareGuest.RSP, 0x70_0000 + random.nextInt(0x1000) * 8L);
      RawMemory.putLong(s + StateLayout.GPR + 8 * SoftwareGuest.RCX, random.nextInt(64));
      vcpu.stateChanged();
      Exit exit = vcpu.run();
      ends += exit == Exit.STOPPED ? 0 : 1;
      scribble(random, 3);
    }
    return ends;
  }

  @Test
  void chaosIsTheGuestsAlone() {
    VcpuGroup group = new VcpuGroup();
    vcpus.add(guest.add(true, group));
    vcpus.add(guest.add(true, group));
    vcpus.add(guest.add(false, group));
    scribble(new Random(SEED), 1000);
    AtomicBoolean done = new AtomicBoolean();
    Thread kicker =
        Thread.ofPlatform()
            .start(() -> {
              Random random = new Random(SEED + 1);
              while (!done.get()) {
                vcpus.get(random.nextInt(vcpus.size())).kick();
                LockSupport.parkNanos(200_000 + random.nextInt(2_000_000));
              }
            });
    try {
      List<CompletableFuture<Integer>> runs = new ArrayList<>();
      for (int n = 0; n < vcpus.size(); n++) {
        SoftwareVcpu vcpu = vcpus.get(n);
        Random random = new Random(SEED + 10 + n);
        runs.add(
            CompletableFuture.supplyAsync(
                () -> run(vcpu, random), task -> Thread.ofPlatform().start(task)));
      }
      runs.forEach(CompletableFuture::join);
    } finally {
      done.set(true);
      try {
        kicker.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    for (SoftwareVcpu vcpu : vcpus) {
      assertThat(vcpu.counters().getOrDefault("blocks-refused", 0L)).isZero();
    }
    assertThat(vcpus.getFirst().counters().get("blocks-translated")).isGreaterThan(ROUNDS);
    guest.close();
  }
}
