import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An enum or a class of integers for each row of numbers, and the names of typed parameters. */
final class ConstantsSource {
  private final Table table;

  ConstantsSource(Table table) {
    this.table = table;
  }

  /** Texts by class name. */
  Map<String, String> files() {
    Map<String, String> files = new LinkedHashMap<>();
    for (List<String> row : table.of("enum")) {
      files.put(row.get(1), enumeration(row.get(1), row.get(2), row.subList(3, row.size())));
    }
    for (List<String> row : table.of("flags")) {
      files.put(row.get(1), integers(row.get(1), row.get(2), row.subList(3, row.size())));
    }
    files.put("ParameterNames", names());
    files.put(
        "package-info",
        "/** Numbers and names of libvirt's public interface. Generated. */\n"
            + "package org.wardian.libvirt.constants;\n");
    return files;
  }

  private static final String HEAD = "package org.wardian.libvirt.constants;\n\n";

  private static String enumeration(String name, String prefix, List<String> values) {
    StringBuilder text = new StringBuilder(HEAD);
    text.append("/** {@code ")
        .append(prefix)
        .append("...}. */\npublic enum ")
        .append(name)
        .append(" {");
    String separator = "";
    for (String value : values) {
      String[] parts = value.split("=");
      text.append(separator)
          .append("\n  /** ")
          .append(parts[1])
          .append(". */\n  ")
          .append(parts[0])
          .append("(")
          .append(parts[1])
          .append(")");
      separator = ",";
    }
    return text.append(";\n\n  private static final ")
        .append(name)
        .append("[] VALUES = values();\n\n")
        .append("  private final int number;\n\n  ")
        .append(name)
        .append("(int number) {\n    this.number = number;\n  }\n\n")
        .append(
            "  /** The number on the wire. */\n"
                + "  public int number() {\n"
                + "    return number;\n"
                + "  }\n\n")
        .append(
            "  /** The value of a number; null where this version of the protocol has none. */\n")
        .append("  public static ")
        .append(name)
        .append(" of(int number) {\n")
        .append("    for (")
        .append(name)
        .append(" value : VALUES) {\n")
        .append(
            "      if (value.number == number) {\n"
                + "        return value;\n"
                + "      }\n"
                + "    }\n"
                + "    return null;\n"
                + "  }\n"
                + "}\n")
        .toString();
  }

  private static String integers(String name, String prefix, List<String> values) {
    StringBuilder text = new StringBuilder(HEAD);
    text.append("/** {@code ")
        .append(prefix)
        .append("...}. */\npublic final class ")
        .append(name)
        .append(" {\n");
    for (String value : values) {
      String[] parts = value.split("=");
      text.append("  /** {@code ")
          .append(prefix)
          .append(parts[0])
          .append("}. */\n  public static final int ")
          .append(parts[0])
          .append(" = ")
          .append((int) Long.parseLong(parts[1]))
          .append(";\n\n");
    }
    return text.append("  private ").append(name).append("() {}\n}\n").toString();
  }

  private String names() {
    StringBuilder text = new StringBuilder(HEAD);
    text.append("/** Names of typed parameters. */\npublic final class ParameterNames {\n");
    for (List<String> row : table.of("key")) {
      text.append("  /** {@code VIR_")
          .append(row.get(1))
          .append("}. */\n  public static final String ")
          .append(row.get(1))
          .append(" = \"")
          .append(row.get(2))
          .append("\";\n\n");
    }
    return text.append("  private ParameterNames() {}\n}\n").toString();
  }
}
