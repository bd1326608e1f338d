import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The class of a program: a constant for each procedure and event, and what reads theirs. */
final class ProgramSource {
  private final Types types;
  private final StringBuilder constants = new StringBuilder();
  private final StringBuilder arguments = new StringBuilder();
  private final StringBuilder results = new StringBuilder();
  private final StringBuilder events = new StringBuilder();

  ProgramSource(Types types) {
    this.types = types;
  }

  /** The text by class name. */
  Map<String, String> files() {
    List<String> row = types.table().of("program").getFirst();
    String name = Table.camel(row.get(1), true) + "Program";
    for (List<String> constant : types.table().of("constant")) {
      constants
          .append("  /** A limit of the protocol. */\n  public static final int ")
          .append(constant.get(1))
          .append(" = ")
          .append(constant.get(2))
          .append(";\n\n");
    }
    types.table().of("call").forEach(this::call);
    types.table().of("event").forEach(this::event);
    String text =
        "package org.wardian.libvirt.wire."
            + row.get(1)
            + ";\n\n"
            + "import org.wardian.libvirt.wire.EventMessage;\n"
            + "import org.wardian.libvirt.wire.Nothing;\n"
            + "import org.wardian.libvirt.wire.Procedure;\n"
            + "import org.wardian.libvirt.wire.Program;\n"
            + "import org.wardian.libvirt.xdr.XdrException;\n"
            + "import org.wardian.libvirt.xdr.XdrReader;\n"
            + "import org.wardian.libvirt.xdr.XdrStruct;\n\n"
            + "/** The program {@code "
            + row.get(1)
            + "}. Generated. */\n"
            + "public final class "
            + name
            + " extends Program {\n"
            + "  /** The program's number. */\n  public static final int NUMBER = "
            + row.get(2)
            + ";\n\n"
            + "  private static final Entries ENTRIES = new Entries(\""
            + row.get(1)
            + "\", NUMBER, "
            + row.get(3)
            + ");\n\n"
            + constants
            + "  /** The program. */\n  public static final "
            + name
            + " PROGRAM = new "
            + name
            + "();\n\n"
            + "  private "
            + name
            + "() {\n    super(ENTRIES);\n  }\n"
            + reader("readArguments", arguments)
            + reader("readResult", results)
            + reader("readEvent", events)
            + "}\n";
    return Map.of(name, text);
  }

  private static String reader(String method, StringBuilder cases) {
    return "\n  @Override\n  public XdrStruct "
        + method
        + "(int number, XdrReader in) throws XdrException {\n"
        + (cases.isEmpty()
            ? "    throw unknown(number);\n"
            : "    return switch (number) {\n"
                + cases
                + "      default -> throw unknown(number);\n    };\n")
        + "  }\n";
  }

  private void call(List<String> row) {
    String lower = row.get(2).toLowerCase(Locale.ROOT);
    String argument = row.get(3).contains("a") ? types.className(lower + "_args") : "Nothing";
    String result = row.get(3).contains("r") ? types.className(lower + "_ret") : "Nothing";
    String readOnly =
        row.get(5).equals("-")
            ? "null"
            : "Procedure.ReadOnly." + row.get(5).toUpperCase(Locale.ROOT);
    String function = row.get(7).equals("-") ? "" : row.get(7);
    constants
        .append("  /** Procedure ")
        .append(row.get(1))
        .append(function.isEmpty() ? "" : ", {@code " + function + "}")
        .append(". */\n")
        .append("  public static final Procedure<")
        .append(argument)
        .append(", ")
        .append(result)
        .append("> ")
        .append(row.get(2))
        .append(" =\n      ENTRIES.call(\n          ")
        .append(row.get(1))
        .append(",\n          \"")
        .append(row.get(2))
        .append("\",\n          Procedure.Priority.")
        .append(row.get(4).toUpperCase(Locale.ROOT))
        .append(",\n          ")
        .append(readOnly)
        .append(",\n          \"")
        .append(row.get(6))
        .append("\",\n          \"")
        .append(function)
        .append("\",\n          Procedure.StreamWay.")
        .append(option(row, "stream="))
        .append(",\n          Procedure.DescriptorWay.")
        .append(option(row, "fds="))
        .append(");\n\n");
    arguments.append(readCase(row.get(1), argument));
    results.append(readCase(row.get(1), result));
  }

  private static String readCase(String number, String type) {
    return "      case " + number + " -> " + type + ".read(in);\n";
  }

  private static String option(List<String> row, String prefix) {
    return row.stream()
        .filter(word -> word.startsWith(prefix))
        .map(word -> word.substring(prefix.length()).toUpperCase(Locale.ROOT))
        .findFirst()
        .orElse("NONE");
  }

  private void event(List<String> row) {
    String type = row.get(3).equals("-") ? "Nothing" : types.className(row.get(3));
    constants
        .append("  /** Event ")
        .append(row.get(1))
        .append(". */\n")
        .append("  public static final EventMessage<")
        .append(type)
        .append("> ")
        .append(row.get(2))
        .append(" = ENTRIES.event(")
        .append(row.get(1))
        .append(", \"")
        .append(row.get(2))
        .append("\");\n\n");
    events.append(readCase(row.get(1), type));
  }
}
