package org.wardian.processor.software.sse;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.wardian.processor.software.GuestFault;
import org.wardian.processor.software.Vector;
import org.wardian.processor.software.mmx.MmxUnit;

/** Replays what a real processor did: results, flags and exceptions, bit for bit. */
class SseVectorsTest {
  private static final int ROWS_AT_LEAST = 3000;
  private static final String[] VECTORS = {"x0", "x1", "x2"};

  private final SseMachine machine = new SseMachine();

  @Test
  void matchesRecordedProcessor() {
    List<String> differences = new ArrayList<>();
    String code = "";
    String text = "";
    int rows = 0;
    for (String line : lines()) {
      if (line.startsWith("#")) {
        continue;
      }
      if (line.startsWith("=")) {
        int bar = line.indexOf('|');
        text = line.substring(2, bar).trim();
        code = line.substring(bar + 1).trim();
        continue;
      }
      int arrow = line.indexOf('>');
      Map<String, String> inputs = fields(line.substring(0, arrow));
      String expected = replay(code, inputs, fields(line.substring(arrow + 1)));
      if (expected != null) {
        differences.add(text + ": " + line + " but " + expected);
      }
      rows++;
    }
    assertThat(differences).isEmpty();
    assertThat(rows).isGreaterThan(ROWS_AT_LEAST);
  }

  /** Runs one row; null, or what differs. */
  private String replay(String code, Map<String, String> inputs, Map<String, String> outputs) {
    machine.reset();
    inputs.forEach(this::set);
    boolean faults = outputs.remove("fault") != null;
    Map<String, String> wanted = new HashMap<>(state());
    wanted.putAll(normalized(outputs));
    boolean faulted = false;
    try {
      machine.execute(code);
    } catch (GuestFault fault) {
      faulted = fault.vector == Vector.XM;
    }
    Map<String, String> found = state();
    if (faulted != faults) {
      return faulted ? "an exception" : "no exception";
    }
    return found.equals(wanted) ? null : found.toString();
  }

  private void set(String name, String value) {
    switch (name) {
      case "x0", "x1", "x2" -> machine.context.xmm(name.charAt(1) - '0', low(value), high(value));
      case "mem" -> {
        machine.memory(0, low(value));
        machine.memory(8, high(value));
      }
      case "rax" -> machine.context.gpr(0, number(value));
      case "rcx" -> machine.context.gpr(1, number(value));
      case "rdx" -> machine.context.gpr(2, number(value));
      case "mm1" -> MmxUnit.write(machine.context, 1, number(value));
      case "mx" -> machine.mxcsr((int) number(value));
      default -> throw new IllegalArgumentException(name);
    }
  }

  private Map<String, String> state() {
    Map<String, String> state = new HashMap<>();
    for (int i = 0; i < VECTORS.length; i++) {
      state.put(VECTORS[i], vector(machine.context.xmmHigh(i), machine.context.xmmLow(i)));
    }
    state.put("mem", vector(machine.memory(8), machine.memory(0)));
    state.put("rax", Long.toHexString(machine.context.gpr(0)));
    state.put("rcx", Long.toHexString(machine.context.gpr(1)));
    state.put("rdx", Long.toHexString(machine.context.gpr(2)));
    state.put("mm1", Long.toHexString(MmxUnit.read(machine.context, 1)));
    state.put("mx", Integer.toHexString(machine.mxcsr()));
    state.put("fl", Integer.toHexString(machine.statusFlags()));
    return state;
  }

  private static Map<String, String> normalized(Map<String, String> outputs) {
    Map<String, String> normalized = new HashMap<>();
    outputs.forEach((name, value) ->
        normalized.put(name, value.length() == 32 ? value : Long.toHexString(number(value))));
    return normalized;
  }

  private static String vector(long high, long low) {
    return String.format("%016x%016x", high, low);
  }

  private static long number(String hex) {
    return Long.parseUnsignedLong(hex, 16);
  }

  private static long high(String vector) {
    return number(vector.substring(0, 16));
  }

  private static long low(String vector) {
    return number(vector.substring(16));
  }

  /** Fields "name=value" or "name", separated by spaces. */
  private static Map<String, String> fields(String text) {
    Map<String, String> fields = new HashMap<>();
    for (String field : text.trim().split(" +")) {
      if (!field.isEmpty()) {
        int equals = field.indexOf('=');
        fields.put(
            equals < 0 ? field : field.substring(0, equals),
            equals < 0 ? "" : field.substring(equals + 1));
      }
    }
    return fields;
  }

  private static List<String> lines() {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                SseVectorsTest.class.getResourceAsStream("vectors.txt"),
                StandardCharsets.US_ASCII))) {
      return reader.lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
