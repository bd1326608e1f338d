package org.wardian.cli.manage;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/**
 * A table of loads for a terminal of any size: where it is narrow the less important columns go,
 * and names take what is left; where it is low the last rows go.
 */
final class TopTable {
  private static final int NAME_LEAST = 8;
  private static final int NAME_MOST = 40;

  /**
   * A column beside the name.
   *
   * @param rank those of a lower rank stay longer
   */
  private record Column(String header, int width, int rank, Function<MachineLoad, String> text) {}

  private static final List<Column> COLUMNS =
      List.of(
          new Column("ID", 4, 8, one -> one.now().id() < 0 ? "-" : "" + one.now().id()),
          new Column("STATE", 11, 7, one -> DomainStates.words(one.now().state())),
          new Column("CPUS", 4, 9, one -> "" + one.now().processors()),
          new Column("CPU%", 6, 1, one -> String.format(Locale.ROOT, "%.1f", one.percent())),
          new Column("MEMORY", 6, 2, one -> bytes(one.now().memory())),
          new Column("READ/s", 6, 3, one -> bytes(one.read())),
          new Column("WRITE/s", 7, 4, one -> bytes(one.written())),
          new Column("RX/s", 6, 5, one -> bytes(one.received())),
          new Column("TX/s", 6, 6, one -> bytes(one.sent())),
          new Column("TIME", 9, 10, one -> time(one.now().processorNanoseconds())));

  private TopTable() {}

  /**
   * Lines of at most {@code width} characters, the header among them.
   *
   * @param rows lines that there is room for
   */
  static List<String> lines(List<MachineLoad> loads, int width, int rows) {
    List<Column> columns = new ArrayList<>(COLUMNS);
    int longest =
        loads.stream().mapToInt(one -> one.now().name().length()).max().orElse(NAME_LEAST);
    int wanted = Math.clamp(longest, NAME_LEAST, NAME_MOST);
    while (!columns.isEmpty() && width(columns) + NAME_LEAST > width) {
      columns.remove(
          columns.stream().max((a, b) -> Integer.compare(a.rank(), b.rank())).orElseThrow());
    }
    int name = Math.clamp(width - width(columns), 1, wanted);
    List<String> lines = new ArrayList<>();
    lines.add(line("NAME", name, columns, Column::header, width));
    for (MachineLoad load : loads) {
      if (lines.size() >= rows) {
        break;
      }
      lines.add(
          line(
              Cells.plain(load.now().name()), name, columns, one -> one.text().apply(load), width));
    }
    return lines.subList(0, Math.min(lines.size(), Math.max(0, rows)));
  }

  private static int width(List<Column> columns) {
    return columns.stream().mapToInt(one -> one.width() + 2).sum();
  }

  private static String line(
      String name, int nameWidth, List<Column> columns, Function<Column, String> cell, int width) {
    StringBuilder line = new StringBuilder();
    line.append(
        name.length() <= nameWidth
            ? name + " ".repeat(nameWidth - name.length())
            : name.substring(0, Math.max(0, nameWidth - 1)) + "~");
    for (Column column : columns) {
      String text = cell.apply(column);
      line.append("  ");
      boolean left = column.header().equals("STATE");
      String gap = " ".repeat(Math.max(0, column.width() - text.length()));
      line.append(left ? text + gap : gap + text);
    }
    return cut(line.toString().stripTrailing(), width);
  }

  /** A text as far as a line goes. */
  static String cut(String text, int width) {
    return text.length() <= width ? text : text.substring(0, Math.max(0, width));
  }

  /** At most five characters, such as {@code 1023K} or {@code 12.5M}. */
  static String bytes(double count) {
    String units = "KMGTPE";
    if (count < 1000) {
      return Long.toString(Math.round(count));
    }
    double value = count / 1024;
    int unit = 0;
    while (value >= 999.5 && unit < units.length() - 1) {
      value /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, value < 99.95 ? "%.1f" : "%.0f", value) + units.charAt(unit);
  }

  private static String time(long nanoseconds) {
    long seconds = nanoseconds / 1_000_000_000;
    return seconds < 360_000
        ? String.format(
            Locale.ROOT, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60)
        : seconds / 3600 + "h";
  }
}
