package org.wardian.host.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every number of the kernel's interface that this package has is the one that a C compiler finds
 * in the kernel's headers. The table {@code header.txt} gives the C expression of each constant;
 * reflection sees to it that none is left out.
 */
class HeaderTest {
  private static final List<Class<?>> CLASSES =
      List.of(
          RunPage.class,
          Registers.class,
          SpecialRegisters.class,
          SpecialRegisters2.class,
          FpuState.class,
          XsaveArea.class,
          XcrState.class,
          DebugRegisterState.class,
          EventState.class,
          MpState.class,
          LocalApicState.class,
          InterruptChipState.class,
          TimerState.class,
          ClockState.class,
          GuestDebug.class,
          CapabilityFlags.class,
          CallStructures.class,
          PollRing.class);

  /** Classes whose numbers of the kernel are among other constants. */
  private static final List<Class<?>> MIXED =
      List.of(KvmVm.class, CpuidEntry.class, SignalKick.class);

  private static final Set<String> NOT_C = Set.of("architecture", "own");

  private static final Map<String, Line> TABLE = new TreeMap<>();
  private static final Map<String, Long> MEASURED = new TreeMap<>();

  private record Line(String guard, String expression) {}

  @BeforeAll
  static void askTheCompiler(@TempDir Path directory) throws IOException, InterruptedException {
    readTable();
    assumeTrue(onPath("gcc"), "gcc is not installed");
    assumeTrue(Files.exists(Path.of("/usr/include/linux/kvm.h")), "linux/kvm.h is not installed");
    assumeTrue(
        System.getProperty("os.arch").equals("amd64"), "the x86 header is that of an x86 host");
    Path source = directory.resolve("header.c");
    Path program = directory.resolve("header");
    Files.write(source, program());
    run(directory, List.of("gcc", "-w", "-o", program.toString(), source.toString()));
    for (String line : run(directory, List.of(program.toString()))) {
      int space = line.indexOf(' ');
      MEASURED.put(line.substring(0, space), Long.parseLong(line.substring(space + 1)));
    }
  }

  private static void readTable() throws IOException {
    try (InputStream in = HeaderTest.class.getResourceAsStream("header.txt")) {
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
        if (!line.startsWith("#")) {
          String[] parts = line.split(" ", 3);
          assertThat(TABLE.put(parts[0], new Line(parts[1], parts[2]))).as(line).isNull();
        }
      }
    }
  }

  private static List<String> program() {
    List<String> lines =
        new ArrayList<>(
            List.of(
                "#include <asm/signal.h>",
                "#include <poll.h>",
                "#include <stddef.h>",
                "#include <stdio.h>",
                "#include <sys/syscall.h>",
                "#include <linux/kvm.h>",
                "#include <linux/io_uring.h>",
                "#include <asm/sigcontext.h>",
                "int main(void) {"));
    TABLE.forEach((name, line) -> print(lines, name, line.guard(), line.expression()));
    for (Request request : Request.values()) {
      print(lines, "Request." + request, request.header(), request.header());
    }
    for (KvmCapability capability : KvmCapability.values()) {
      print(lines, "KvmCapability." + capability, capability.header(), capability.header());
    }
    lines.add("return 0; }");
    return lines;
  }

  private static void print(List<String> lines, String name, String guard, String expression) {
    if (NOT_C.contains(expression)) {
      return;
    }
    if (!guard.equals("-")) {
      lines.add("#ifdef " + guard);
    }
    lines.add("printf(\"" + name + " %lld\\n\", (long long) (" + expression + "));");
    if (!guard.equals("-")) {
      lines.add("#endif");
    }
  }

  private static List<String> run(Path directory, List<String> command)
      throws IOException, InterruptedException {
    Path output = directory.resolve("output.txt");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).as("%s ends", command).isTrue();
    List<String> lines = Files.readAllLines(output);
    assertThat(process.exitValue()).as("%s: %s", command, lines).isZero();
    return lines;
  }

  private static boolean onPath(String program) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  private static Map<String, Long> constants(Class<?> type) throws IllegalAccessException {
    Map<String, Long> constants = new TreeMap<>();
    for (Field field : type.getDeclaredFields()) {
      boolean number = field.getType() == int.class || field.getType() == long.class;
      if (Modifier.isStatic(field.getModifiers())
          && Modifier.isFinal(field.getModifiers())
          && number) {
        field.setAccessible(true);
        constants.put(
            type.getSimpleName() + "." + field.getName(), ((Number) field.get(null)).longValue());
      }
    }
    return constants;
  }

  @Test
  void everyConstantIsInTheTableAndEveryLineHasItsConstant() throws IllegalAccessException {
    Set<String> names = new TreeSet<>();
    for (Class<?> type : CLASSES) {
      names.addAll(constants(type).keySet());
    }
    for (Class<?> type : MIXED) {
      Set<String> mixed = new TreeSet<>(constants(type).keySet());
      mixed.retainAll(TABLE.keySet());
      assertThat(mixed).as(type.getSimpleName()).isNotEmpty();
      names.addAll(mixed);
    }
    assertThat(TABLE.keySet()).isEqualTo(names);
  }

  @Test
  void everyConstantHasTheHeadersValue() throws IllegalAccessException {
    Map<String, Long> ours = new TreeMap<>();
    for (Class<?> type : Stream.concat(CLASSES.stream(), MIXED.stream()).toList()) {
      ours.putAll(constants(type));
    }
    int compared = 0;
    for (Map.Entry<String, Line> line : TABLE.entrySet()) {
      Long value = MEASURED.get(line.getKey());
      if (value != null) {
        assertThat(ours.get(line.getKey())).as(line.toString()).isEqualTo(value);
        compared++;
      } else if (!NOT_C.contains(line.getValue().expression())) {
        assertThat(line.getValue().guard()).as(line.toString()).isNotEqualTo("-");
      }
    }
    assertThat(compared).isGreaterThan(300);
  }

  @Test
  void everyRequestHasTheHeadersNumber() {
    for (Request request : Request.values()) {
      assertThat(MEASURED.get("Request." + request)).as(request.header()).isEqualTo(request.number);
    }
  }

  @Test
  void everyCapabilityHasTheHeadersNumber() {
    int compared = 0;
    for (KvmCapability capability : KvmCapability.values()) {
      Long value = MEASURED.get("KvmCapability." + capability);
      if (value != null) {
        assertThat(value).as(capability.header()).isEqualTo(capability.number());
        compared++;
      } else {
        // The header of Linux 6.1 ends at 223.
        assertThat(capability.number()).as(capability.header()).isGreaterThan(223);
      }
    }
    assertThat(compared).isGreaterThan(60);
  }
}
