package org.wardian.bench.exits;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.wardian.machine.platform.InterruptChips;

/**
 * Measures the same exits in C and in Java, by turns in short slices, so that what else the machine
 * does disturbs all sides alike; {@code bench/exits} builds and starts it.
 */
public final class ExitBenchmark {
  private ExitBenchmark() {}

  /**
   * Prints a table.
   *
   * @param arguments the C program; rounds; milliseconds of a slice; kinds, or none for all
   */
  public static void main(String[] arguments) {
    int rounds = Integer.parseInt(arguments[1]);
    long slice = Long.parseLong(arguments[2]);
    List<ExitKind> kinds =
        arguments.length == 3
            ? List.of(ExitKind.values())
            : Arrays.stream(arguments)
                .skip(3)
                .map(name -> ExitKind.valueOf(name.toUpperCase(Locale.ROOT)))
                .toList();
    List<ExitSide> sides =
        List.of(
            new NativeSide(arguments[0]),
            new RawSide(),
            new ProductSide(InterruptChips.SPLIT),
            new ProductSide(InterruptChips.KERNEL));
    try {
      print(System.out, sides, measure(sides, kinds, rounds, slice));
    } finally {
      sides.forEach(ExitSide::close);
    }
  }

  /** By kind, then by side, the rates of all rounds. */
  private static Map<ExitKind, double[][]> measure(
      List<ExitSide> sides, List<ExitKind> kinds, int rounds, long slice) {
    Map<ExitKind, double[][]> rates = new EnumMap<>(ExitKind.class);
    for (ExitKind kind : kinds) {
      // Until HotSpot has compiled what this kind runs through.
      for (int i = 0; i < 4; i++) {
        sides.forEach(side -> side.measure(kind, slice));
      }
      double[][] samples = new double[sides.size()][rounds];
      for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < sides.size(); i++) {
          // Nobody always comes first.
          int side = (i + round) % sides.size();
          samples[side][round] = sides.get(side).measure(kind, slice);
        }
      }
      rates.put(kind, samples);
    }
    return rates;
  }

  private static void print(
      PrintStream out, List<ExitSide> sides, Map<ExitKind, double[][]> rates) {
    List<String> head = new ArrayList<>(List.of("a second, median"));
    head.add(sides.getFirst().title());
    for (ExitSide side : sides.subList(1, sides.size())) {
      head.add(side.title());
      head.add("to C");
    }
    out.println("| " + String.join(" | ", head) + " |");
    out.println("|---".repeat(head.size()) + "|");
    rates.forEach((kind, samples) -> {
      List<String> row = new ArrayList<>(List.of(kind.title()));
      for (int side = 0; side < samples.length; side++) {
        row.add(String.format(Locale.ROOT, "%,.0f", median(samples[side])));
        if (side > 0) {
          row.add(String.format(Locale.ROOT, "%.2f", medianRatio(samples[side], samples[0])));
        }
      }
      out.println("| " + String.join(" | ", row) + " |");
    });
  }

  /** The median of the ratios of each round, which a change between rounds does not disturb. */
  private static double medianRatio(double[] values, double[] references) {
    double[] ratios = new double[values.length];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = values[i] / references[i];
    }
    return median(ratios);
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
