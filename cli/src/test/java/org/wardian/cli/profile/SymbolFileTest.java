package org.wardian.cli.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SymbolFileTest {
  private static final int ITERATIONS = Integer.getInteger("wardian.fuzz.iterations", 20_000);

  private static final String SYSTEM_MAP =
      """
      0000000000000000 A __per_cpu_start
      ffffffff81000000 T _stext
      ffffffff81000110 t early
      ffffffff81c00080 T entry_SYSCALL_64
      ffffffff82000000 D variable
      """;

  private static final List<Symbol> FUNCTIONS =
      List.of(new Symbol(0x1000, 0x40, "first"), new Symbol(0x1040, 0x10, "second"));

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static String name(SymbolTable table, long address) {
    return table.at(address).map(Symbol::name).orElse("nothing");
  }

  @Test
  void systemMap() throws Exception {
    SymbolTable table = SymbolFile.parse(bytes(SYSTEM_MAP));

    assertThat(table.size()).isEqualTo(3);
    assertThat(name(table, 0xffffffff81000000L)).isEqualTo("_stext");
    assertThat(name(table, 0xffffffff8100010fL)).isEqualTo("_stext");
    assertThat(name(table, 0xffffffff81000111L)).isEqualTo("early");
    assertThat(name(table, 0xffffffff80ffffffL)).isEqualTo("nothing");
    assertThat(name(table, 0x1000)).isEqualTo("nothing");
  }

  @Test
  void kallsymsWithModules() throws Exception {
    SymbolTable table =
        SymbolFile.parse(bytes("ffffffffc0200000 t work\t[virtio]\r\nffffffffc0200010 b x\n"));

    assertThat(name(table, 0xffffffffc0200004L)).isEqualTo("work [virtio]");
  }

  @Test
  void aGuestThatHidesItsAddressesIsTold() {
    assertThatThrownBy(
            () -> SymbolFile.parse(bytes("0000000000000000 T a\n0000000000000000 t b\n")))
        .isInstanceOf(SymbolFileException.class)
        .hasMessageContaining("kptr_restrict");
  }

  @Test
  void somethingElseIsRefusedWithItsLine() {
    assertThatThrownBy(() -> SymbolFile.parse(bytes("ffffffff81000000 T a\n#!/bin/sh\n")))
        .isInstanceOf(SymbolFileException.class)
        .hasMessageContaining("line 2")
        .hasMessageContaining("System.map");
    assertThatThrownBy(() -> SymbolFile.parse(bytes("")))
        .isInstanceOf(SymbolFileException.class)
        .hasMessageContaining("no functions");
    // What Debian has in place of a System.map.
    assertThatThrownBy(
            () -> SymbolFile.parse(bytes("ffffffffffffffff B The real System.map is in ...")))
        .hasMessageContaining("no functions");
  }

  @Test
  void elf() throws Exception {
    SymbolTable table = SymbolFile.parse(ElfFile.of(FUNCTIONS));

    assertThat(table.size()).isEqualTo(2);
    assertThat(name(table, 0x103f)).isEqualTo("first");
    assertThat(name(table, 0x1040)).isEqualTo("second");
    assertThat(name(table, 0x1050)).isEqualTo("nothing");
  }

  @Test
  void namesCannotReachATerminal() throws Exception {
    SymbolTable table = SymbolFile.parse(ElfFile.of(List.of(new Symbol(0, 4, "a\u001b[2Jb"))));

    assertThat(name(table, 0)).isEqualTo("a?[2Jb");
  }

  @Test
  void whatTheUserGivesFirstCounts() throws Exception {
    SymbolTable first = SymbolFile.parse(ElfFile.of(List.of(new Symbol(0x1000, 4, "a"))));
    SymbolTable second = SymbolFile.parse(ElfFile.of(FUNCTIONS));

    assertThat(name(first.and(second), 0x1000)).isEqualTo("a");
    assertThat(name(first.and(second), 0x1040)).isEqualTo("second");
  }

  @Test
  void aKernelThatWasMoved() throws Exception {
    SymbolTable table = SymbolFile.parse(bytes(SYSTEM_MAP));

    assertThat(table.move(0xffffffff81c00080L)).isZero();
    assertThat(table.move(0xffffffff81c00080L + (42L << 21))).isEqualTo(42L << 21);
    // Another kernel's table.
    assertThat(table.move(0xffffffff81c00090L)).isZero();
    assertThat(table.move(0)).isZero();
  }

  /** Any bytes are symbols or are refused, and what is found can be looked up. */
  @Test
  void mutatedFiles() {
    SplittableRandom random = new SplittableRandom(16);
    List<byte[]> valid =
        List.of(bytes(SYSTEM_MAP), ElfFile.of(FUNCTIONS), bytes("ffffffff81000000 t a\t[b]\n"));
    int refused = 0;
    int accepted = 0;
    for (int i = 0; i < ITERATIONS; i++) {
      byte[] file = valid.get(i % valid.size()).clone();
      if (random.nextInt(4) == 0) {
        file = java.util.Arrays.copyOf(file, random.nextInt(file.length + 1));
      }
      for (int n = random.nextInt(1, 6); n > 0 && file.length > 0; n--) {
        int at = random.nextInt(file.length);
        file[at] =
            (byte) (random.nextBoolean() ? random.nextInt() : file[at] ^ 1 << random.nextInt(8));
      }
      try {
        SymbolTable table = SymbolFile.parse(file);
        assertThat(table.size()).isPositive();
        table.at(random.nextLong());
        table.move(random.nextLong());
        accepted++;
      } catch (SymbolFileException e) {
        assertThat(e).hasMessageMatching("[ -~]+");
        refused++;
      }
    }
    assertThat(refused).isPositive();
    assertThat(accepted).isPositive();
  }
}
