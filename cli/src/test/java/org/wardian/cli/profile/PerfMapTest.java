package org.wardian.cli.profile;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PerfMapTest {
  private final SymbolTable symbols =
      SymbolTable.of(
          List.of(
              new Symbol(0xffffffff81000000L, 0x100, "start"),
              new Symbol(0xffffffff81c00080L, 0, "entry_SYSCALL_64")));

  @TempDir private Path folder;

  @Test
  void aLineForEachBlock() throws Exception {
    Path file = folder.resolve("perf-1.map");
    try (PerfMap map = PerfMap.at(file, symbols)) {
      map.translated(0xffffffff81000010L, 0x7f00_0000_1000L, 0x2f, 0);
      map.translated(0x401000, 0x7f00_0000_1030L, 16, 0);
      // The kernel says where it is, and that is 2 MiB further up.
      map.translated(0xffffffff81200010L, 0x7f00_0000_1040L, 16, 0xffffffff81e00080L);
    }

    assertThat(file)
        .hasContent(
            """
            7f0000001000 2f guest:start+0x10
            7f0000001030 10 guest:0x401000
            7f0000001040 10 guest:start+0x10
            """);
  }

  @Test
  void aLinkThatLiesInWaitIsReplaced() throws Exception {
    Path victim = Files.writeString(folder.resolve("victim"), "precious");
    Path file = Files.createSymbolicLink(folder.resolve("perf-1.map"), victim);

    PerfMap.at(file, symbols).close();

    assertThat(victim).hasContent("precious");
    assertThat(file).isRegularFile().isEmptyFile();
    assertThat(Files.isSymbolicLink(file)).isFalse();
  }

  @Test
  void perfLooksInTmp() {
    assertThat(PerfMap.path(42)).isEqualTo(Path.of("/tmp/perf-42.map"));
  }
}
