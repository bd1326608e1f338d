package org.wardian.processor.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.wardian.host.kvm.RunPage;
import org.wardian.memory.GuestMemory;
import org.wardian.memory.RawMemory;
import org.wardian.processor.PowerOnState;
import org.wardian.x86.StateLayout;

/** What a person is told where KVM gives up. */
class FailureReportTest {
  private static final int RAM = 1 << 20;
  private static final int ITERATIONS = Integer.getInteger("wardian.fuzz.iterations", 1_500);

  private final Arena arena = Arena.ofShared();
  private final GuestMemory memory = GuestMemory.withRam(RAM);
  private final long page = arena.allocate(RunPage.SIZE, 64).address();
  private final long block = arena.allocate(StateLayout.ARCHITECTURAL_SIZE, 64).address();

  @BeforeEach
  void powerOn() {
    PowerOnState.write(block);
  }

  @AfterEach
  void close() {
    memory.close();
    arena.close();
  }

  private void put(long address, long value) {
    RawMemory.putLong(memory.hostAddress(address), value);
  }

  private void internalError(int error, long... data) {
    RawMemory.putInt(page + RunPage.EXIT_REASON, RunPage.EXIT_INTERNAL_ERROR);
    RawMemory.putInt(page + RunPage.INTERNAL_SUBERROR, error);
    RawMemory.putInt(page + RunPage.INTERNAL_DATA_COUNT, data.length);
    for (int i = 0; i < data.length; i++) {
      RawMemory.putLong(page + RunPage.INTERNAL_DATA + 8L * i, data[i]);
    }
  }

  private String report() {
    return FailureReport.of(page, block, memory);
  }

  private void segment(int number, int attributes, long base) {
    long at = block + StateLayout.segment(number);
    RawMemory.putInt(at + StateLayout.ATTRIBUTES, attributes);
    RawMemory.putLong(at + StateLayout.BASE, base);
  }

  /** 64-bit mode with CR3 at {@code tables}. */
  private void longMode(long tables) {
    segment(StateLayout.CS, 0xa09b, 0);
    RawMemory.putLong(block + StateLayout.CR0, 0x8000_0011L);
    RawMemory.putLong(block + StateLayout.CR4, 0x20);
    RawMemory.putLong(block + StateLayout.CR3, tables);
    RawMemory.putLong(block + StateLayout.EFER, 0x500);
  }

  @Test
  void showsTheInstructionThatKvmFetchedAndTheCodeAroundIt() {
    // flags, size 3 and bytes 0f 58 c1
    internalError(RunPage.INTERNAL_ERROR_EMULATION, 1, 0xc1_580f_03L, 0, 0x30, 5);
    segment(StateLayout.CS, 0x9b, 0x1000);
    RawMemory.putLong(block + StateLayout.RIP, 0x10);
    put(0x1010, 0xf4_c1_58_0fL);
    assertThat(report())
        .contains("cannot (KVM_INTERNAL_ERROR_EMULATION)")
        .contains("KVM fetched: 0f 58 c1  = addps xmm0,xmm1")
        .contains("KVM's data: 0x30 0x5\n")
        .contains("code at linear 0x1010, guest-physical 0x1010: 0f 58 c1 f4")
        .contains("=>        1010: 0f 58 c1")
        .contains("        1013: f4")
        .contains("hlt");
  }

  @ParameterizedTest
  @CsvSource({
    "0x80000021, invalid guest state",
    "0x80000022, a model-specific register cannot be loaded",
    "7, invalid control fields",
    "8, invalid host state",
    "0xffffffffffffffff, 'invalid guest state or controls, by AMD-V'"
  })
  void namesTheReasonOfARefusedEntry(String reason, String words) {
    RawMemory.putInt(page + RunPage.EXIT_REASON, RunPage.EXIT_FAIL_ENTRY);
    RawMemory.putLong(
        page + RunPage.FAIL_ENTRY_REASON,
        reason.startsWith("0x")
            ? Long.parseUnsignedLong(reason.substring(2), 16)
            : Long.parseLong(reason));
    assertThat(report()).contains("refused to enter the guest: " + words + " (hardware reason");
  }

  @Test
  void tellsWhatWasBeingDelivered() {
    internalError(RunPage.INTERNAL_ERROR_DELIVERY_EV, 0x8000_0b0eL, 48);
    RawMemory.putLong(block + StateLayout.EVENT, 0x2_8000_0b0eL);
    assertThat(report())
        .contains("KVM_INTERNAL_ERROR_DELIVERY_EV")
        .contains("KVM's data: 0x80000b0e 0x30 (event, exit reason")
        .contains("being delivered: exception, vector 14, error code 0x2");
  }

  @Test
  void saysWhereThereIsNoCode() {
    internalError(RunPage.INTERNAL_ERROR_SIMUL_EX);
    longMode(0x1000);
    RawMemory.putLong(block + StateLayout.RIP, 0xffff_8000_0000_1000L);
    assertThat(report())
        .contains("code at linear 0xffff800000001000: not mapped by the guest's page tables");
    RawMemory.putLong(block + StateLayout.CR0, 0x10);
    RawMemory.putLong(block + StateLayout.EFER, 0);
    RawMemory.putLong(block + StateLayout.RIP, 0x4000_0000L);
    assertThat(report()).contains("no memory at guest-physical 0x40000000");
  }

  @Test
  void walksFourLevelsWithPagesOfEachSize() {
    longMode(0x1000);
    put(0x1000 + 8 * 256, 0x2003);
    put(0x2000, 0x3003);
    put(0x3000, 0x4003);
    put(0x4000 + 8 * 5, 0x8000_0000_0000_7003L);
    put(0x3008, 0x60_0083L);
    put(0x2008, 0x4000_0083L);
    GuestPageTables tables = new GuestPageTables(memory, block);
    assertThat(tables.physical(0xffff_8000_0000_5123L)).isEqualTo(0x7123);
    assertThat(tables.physical(0xffff_8000_0021_2345L)).isEqualTo(0x61_2345);
    assertThat(tables.physical(0xffff_8000_4123_4567L)).isEqualTo(0x4123_4567L);
    assertThat(tables.physical(0xffff_8000_0000_6000L)).isEqualTo(GuestPageTables.ABSENT);
    assertThat(tables.physical(0x0000_8000_0000_5123L)).isEqualTo(GuestPageTables.ABSENT);
  }

  @Test
  void walksPaeAnd32BitTables() {
    RawMemory.putLong(block + StateLayout.CR0, 0x8000_0011L);
    RawMemory.putLong(block + StateLayout.CR4, 0x20);
    RawMemory.putLong(block + StateLayout.CR3, 0x1020);
    put(0x1020 + 8 * 3, 0x2001);
    put(0x2008, 0x3003);
    put(0x3000, 0x9003);
    put(0x2010, 0x20_0083L);
    GuestPageTables tables = new GuestPageTables(memory, block);
    assertThat(tables.physical(0xc020_0abcL)).isEqualTo(0x9abc);
    assertThat(tables.physical(0xc040_1abcL)).isEqualTo(0x20_1abc);
    assertThat(tables.physical(0x20_0000L)).isEqualTo(GuestPageTables.ABSENT);
    RawMemory.putLong(block + StateLayout.CR4, 0x10);
    RawMemory.putLong(block + StateLayout.CR3, 0x5000);
    put(0x5008, 0x0000_4083_0000_6003L); // entries 2 and 3
    put(0x6010, 0xa003L);
    assertThat(tables.physical(0x80_4777L)).isEqualTo(0xa777);
    assertThat(tables.physical(0xc0_0123L)).isEqualTo(0x2_0000_0123L);
  }

  @Test
  void neverThrows() {
    Random random = new Random(1);
    int[] reasons = {
      RunPage.EXIT_INTERNAL_ERROR,
      RunPage.EXIT_FAIL_ENTRY,
      RunPage.EXIT_UNKNOWN,
      RunPage.EXIT_EXCEPTION,
      RunPage.EXIT_NOTIFY,
      RunPage.EXIT_MEMORY_FAULT,
      RunPage.EXIT_SYSTEM_EVENT,
      77
    };
    for (int i = 0; i < ITERATIONS; i++) {
      randomise(random, page, RunPage.SIZE);
      RawMemory.putInt(page + RunPage.EXIT_REASON, reasons[random.nextInt(reasons.length)]);
      if (random.nextBoolean()) {
        RawMemory.putInt(page + RunPage.INTERNAL_SUBERROR, random.nextInt(6));
        RawMemory.putInt(page + RunPage.INTERNAL_DATA_COUNT, random.nextInt(20));
      }
      randomise(random, block, StateLayout.ARCHITECTURAL_SIZE);
      RawMemory.putLong(block + StateLayout.CR3, random.nextInt(RAM));
      if (random.nextBoolean()) {
        PowerOnState.write(block);
        RawMemory.putLong(block + StateLayout.RIP, random.nextInt(RAM));
        if (random.nextBoolean()) {
          longMode(random.nextInt(RAM) & ~0xfffL);
          RawMemory.putLong(block + StateLayout.RIP, random.nextLong() << 16 >> 16);
        }
      }
      // Tables that point into memory and at themselves.
      for (int n = 0; n < 64; n++) {
        put(random.nextInt(RAM) & ~7L, random.nextInt(RAM) | 3L | random.nextInt(2) << 7);
      }
      randomise(random, memory.hostAddress(random.nextInt(RAM - 4096)), 4096);
      assertThat(report()).contains("rax ").contains("code at linear");
    }
  }

  private static void randomise(Random random, long at, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    RawMemory.copy(bytes, 0, at, length);
  }

  @Test
  void reportsWhatTheEmulatorOfThisKvmCannotDo() {
    try (TinyMachine machine = TinyMachine.create()) {
      machine.flatMode(0x1000);
      RawMemory.putLong(machine.block + StateLayout.CR4, 0x600);
      machine.load(0x1000, 0x0f, 0x58, 0xc1, 0xe6, 0x10); // addps xmm0,xmm1; out 0x10,al
      int reason = machine.run();
      assumeTrue(
          reason == RunPage.EXIT_INTERNAL_ERROR, "this KVM executes ADDPS: nothing fails here");
      assertThat(FailureReport.of(machine.cpu.runPage(), machine.block, machine.memory))
          .contains("KVM_INTERNAL_ERROR_EMULATION")
          .contains("rip 0000000000001000")
          .contains("=>        1000: 0f 58 c1")
          .contains("addps xmm0,xmm1");
    }
  }
}
