package org.wardian.processor.software;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.wardian.memory.RawMemory;
import org.wardian.processor.Exit;
import org.wardian.processor.software.GuestProfile.Mode;
import org.wardian.x86.StateLayout;

/** What is counted is what was executed, and what is sampled is where the guest was. */
class ObservationTest {
  private static final Observation COUNTED =
      new Observation(true, Optional.empty(), Optional.empty());

  /** Runs {@code hex} on a processor of its own, to its HLT. */
  private static SoftwareVcpu run(
      SoftwareGuest guest, boolean translated, Observation observation, String hex) {
    SoftwareVcpu vcpu = guest.add(translated);
    vcpu.observe(observation);
    guest.code(SoftwareGuest.CODE, hex);
    guest.start(vcpu, SoftwareGuest.CODE);
    assertThat(vcpu.run()).isEqualTo(Exit.HALTED);
    return vcpu;
  }

  @Test
  void loopsAreCountedToTheInstruction() {
    // mov $1000, %ecx; 1: add %rcx, %rax; dec %ecx; jnz 1b; hlt
    String loop = "b9e8030000" + "4801c8" + "ffc9" + "75f9" + "f4";
    try (SoftwareGuest guest = new SoftwareGuest()) {
      SoftwareVcpu vcpu = run(guest, true, COUNTED, loop);

      assertThat(vcpu.instructions()).isEqualTo(1 + 3 * 1000 + 1);
      Map<String, Long> counters = vcpu.counters();
      assertThat(counters)
          .containsEntry("instructions", 3002L)
          .containsEntry("instructions-translated", 3001L)
          .containsEntry("instructions-for-translated", 1L)
          .containsEntry("instructions-interpreted", 0L);
      assertThat(counters.get("blocks-translated")).isPositive();
      assertThat(counters.get("code-cache-bytes")).isPositive();
    }
  }

  @Test
  void whatABlockDidNotGetToDoesNotCount() {
    // mov $1, %eax; lock cmpxchg %rdx, 1(%rdi): crosses its alignment; mov $2, %ebx; cpuid; hlt
    String early = "b801000000" + "f0480fb15701" + "bb02000000" + "0fa2" + "f4";
    try (SoftwareGuest guest = new SoftwareGuest()) {
      assertThat(run(guest, true, COUNTED, early).instructions()).isEqualTo(5);
    }
  }

  @Test
  void aResetBeginsToCountAnew() {
    try (SoftwareGuest guest = new SoftwareGuest()) {
      SoftwareVcpu vcpu = run(guest, true, COUNTED, "9090f4");

      guest.start(vcpu, SoftwareGuest.CODE);
      vcpu.run();

      assertThat(vcpu.instructions()).isEqualTo(3);
    }
  }

  @Test
  void withoutCountingNobodyKnows() {
    try (SoftwareGuest guest = new SoftwareGuest()) {
      SoftwareVcpu vcpu = run(guest, true, Observation.NONE, "9090f4");

      assertThat(vcpu.instructions()).isEqualTo(-1);
      assertThat(vcpu.counters()).doesNotContainKeys("instructions", "instructions-translated");
    }
  }

  @Test
  void blocksAreTold() {
    List<Long> guests = new ArrayList<>();
    BlockListener listener =
        (address, host, bytes, entry) -> {
          assertThat(host).isNotZero();
          assertThat(bytes).isPositive();
          guests.add(address);
        };
    try (SoftwareGuest guest = new SoftwareGuest()) {
      // jmp 1f; ...; 1: hlt
      run(
          guest,
          true,
          new Observation(false, Optional.empty(), Optional.of(listener)),
          "eb029090f4");

      assertThat(guests).containsExactly(SoftwareGuest.CODE, SoftwareGuest.CODE + 4);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void samplesAreWhereTheGuestIs(boolean translated) throws Exception {
    GuestProfile profile = new GuestProfile();
    try (SoftwareGuest guest = new SoftwareGuest()) {
      SoftwareVcpu vcpu = guest.add(translated);
      vcpu.observe(new Observation(false, Optional.of(profile), Optional.empty()));
      // 1: inc %rax; jmp 1b
      guest.code(SoftwareGuest.CODE, "48ffc0ebfb");
      guest.start(vcpu, SoftwareGuest.CODE);
      RawMemory.putLong(vcpu.state() + StateLayout.LSTAR, 0xffffffff81c00080L);
      Thread stop =
          Thread.ofPlatform()
              .start(() -> {
                while (profile.places().isEmpty()) {
                  Thread.onSpinWait();
                }
                vcpu.kick();
              });

      assertThat(vcpu.run()).isEqualTo(Exit.STOPPED);
      stop.join();

      assertThat(profile.places().keySet())
          .isNotEmpty()
          .allMatch(place -> place.mode() == Mode.KERNEL)
          .allMatch(place ->
              place.address() >= SoftwareGuest.CODE && place.address() < SoftwareGuest.CODE + 5);
      assertThat(profile.systemCallEntry()).isEqualTo(0xffffffff81c00080L);
    }
  }
}
