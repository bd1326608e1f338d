package org.wardian.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.wardian.host.SystemCallFilter.Condition;

class SystemCallFilterTest {
  private static final Path HEADER = Path.of("/usr/include/x86_64-linux-gnu/asm/unistd_64.h");
  private static final int ALLOWED = 0x7fff_0000;
  private static final int ERROR = 0x0005_0000;

  @TempDir private Path folder;

  @Test
  void aProcessWithoutThemGoesOn() throws Exception {
    assumeTrue(Libc.LINUX && System.getProperty("os.arch").equals("amd64"), "Linux on x86-64 only");
    Process process =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElse("java"),
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                ConfinedProgram.class.getName(),
                folder.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();

    List<String> expected = new ArrayList<>();
    expected.addAll(
        List.of("before: status 0", "program: refused", "program of an older thread: refused"));
    for (ForbiddenCalls group : ForbiddenCalls.values()) {
      for (ForbiddenCalls.Call call : group.calls()) {
        expected.add(call.name() + ": -" + (call.name().equals("clone3") ? 38 : 1));
      }
    }
    expected.addAll(List.of("x32: -1", "getpid: true", "file: 4", "socket: 42", "mapping: true"));
    expected.addAll(List.of("threads: 28", "confined: true", "getpid: -5", "execve: -1"));
    assertThat(output.lines()).containsExactlyElementsOf(expected);
  }

  @Test
  void numbersAreTheKernels() throws Exception {
    assumeTrue(Files.exists(HEADER), "the kernel's headers are not installed (linux-libc-dev)");
    String header = Files.readString(HEADER);
    for (ForbiddenCalls group : ForbiddenCalls.values()) {
      for (ForbiddenCalls.Call call : group.calls()) {
        String name = call.name().split(" ")[0];
        Matcher line = Pattern.compile("__NR_" + name + " (\\d+)").matcher(header);
        assertThat(line.find()).as(name).isTrue();
        assertThat(call.number()).as(name).isEqualTo(Integer.parseInt(line.group(1)));
      }
    }
  }

  @Test
  void noCallIsInTwoGroups() {
    Set<String> seen = new HashSet<>();
    for (ForbiddenCalls group : ForbiddenCalls.values()) {
      assertThat(group.reason()).isNotBlank();
      assertThat(group.names()).isNotEmpty().allMatch(seen::add);
    }
  }

  @Test
  void allConditionsOfARuleHaveToHold() {
    SystemCallFilter filter =
        new SystemCallFilter()
            .refuse(16, 5, Condition.is(1, 0xae03), Condition.is(2, 121))
            .refuse(16, 0, Condition.is(1, 0xae00))
            .refuse(56, 1, new Condition(0, 0x1_0000, 0))
            .refuse(57, 4095);
    int[] program = filter.program();

    assertThat(run(program, 16, 3, 0xae03, 121)).isEqualTo(ERROR | 5);
    assertThat(run(program, 16, 3, 0xae03, 122)).isEqualTo(ALLOWED);
    assertThat(run(program, 16, 3, 0xae00, 121)).isEqualTo(ERROR);
    assertThat(run(program, 16, 3, 0xae01, 121)).isEqualTo(ALLOWED);
    assertThat(run(program, 56, 0x3d_0f00, 0, 0)).isEqualTo(ALLOWED);
    assertThat(run(program, 56, 0x0120_0011, 0, 0)).isEqualTo(ERROR | 1);
    assertThat(run(program, 57, 0, 0, 0)).isEqualTo(ERROR | 4095);
    assertThat(run(program, 0x4000_0000 | 57, 0, 0, 0)).isEqualTo(ERROR | 1);
    assertThat(run(program, 0x4000_0000, 0, 0, 0)).isEqualTo(ERROR | 1);
    assertThat(run(program, 58, 0, 0, 0)).isEqualTo(ALLOWED);
  }

  @Test
  void otherTablesOfCallsAreNotServed() {
    int[] program = new SystemCallFilter().program();

    assertThat(interpret(program, new int[] {0, 0x4000_0003, 0, 0})).isEqualTo(ERROR | 1);
    assertThat(run(program, 0, 0, 0, 0)).isEqualTo(ALLOWED);
  }

  private static int run(int[] program, int number, int first, int second, int third) {
    return interpret(
        program,
        new int[] {number, 0xc000_003e, 0, 0, first, 0, second, 0, third, 0, 0, 0, 0, 0, 0, 0});
  }

  /** The instructions of {@code linux/filter.h} that a filter may have here, on seccomp's data. */
  private static int interpret(int[] program, int[] data) {
    int accumulator = 0;
    int at = 0;
    while (true) {
      int holds = program[at] >>> 16 & 0xff;
      int fails = program[at] >>> 24;
      int value = program[at + 1];
      int next = at + 2;
      switch (program[at] & 0xffff) {
        case 0x20 -> accumulator = data[value / Integer.BYTES];
        case 0x54 -> accumulator &= value;
        case 0x15 -> next += 2 * (accumulator == value ? holds : fails);
        case 0x45 -> next += 2 * ((accumulator & value) != 0 ? holds : fails);
        case 0x06 -> {
          return value;
        }
        default -> throw new AssertionError("instruction " + program[at]);
      }
      at = next;
    }
  }
}
