import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the types of one program's table are in Java, and how each is read and written. */
final class Types {
  private static final Pattern MANY = Pattern.compile("(\\w+)([<\\[])(\\d+)[>\\]]");
  private static final String WIRE = "org.wardian.libvirt.wire.";

  private final String program;
  private final Map<String, Table> programs;

  /** A type, with the calls that read and write it. */
  record Java(String name, String read, String write, int smallest, boolean array) {}

  Types(String program, Map<String, Table> programs) {
    this.program = program;
    this.programs = programs;
  }

  String program() {
    return program;
  }

  Table table() {
    return programs.get(program);
  }

  /** The class of a structure or union of this program, else of {@code remote}. */
  String className(String type) {
    return find(type).className();
  }

  private record Found(String className, List<String> row) {}

  private Found find(String type) {
    for (String owner : List.of(program, "remote")) {
      for (String kind : List.of("struct", "union")) {
        for (List<String> row : programs.get(owner).of(kind)) {
          String[] names = row.get(1).split("=");
          if (names[0].equals(type)) {
            String name = names.length > 1 ? names[1] : Table.camel(type, true);
            return new Found(owner.equals(program) ? name : WIRE + owner + "." + name, row);
          }
        }
      }
    }
    throw new IllegalArgumentException("no structure " + type + " for the program " + program);
  }

  /** The smallest number of bytes that a structure takes. */
  private int smallest(String type) {
    List<String> row = find(type).row();
    if (row.getFirst().equals("union")) {
      return 8;
    }
    int sum = 0;
    for (String field : row.subList(2, row.size())) {
      sum +=
          java(field.substring(0, field.indexOf(':')), field.substring(field.indexOf(':') + 1))
              .smallest();
    }
    return sum;
  }

  /** What a field of a type is, given the Java name of the field. */
  Java java(String field, String type) {
    String name = Table.camel(field, false);
    String quoted = '"' + field + '"';
    Matcher many = MANY.matcher(type);
    if (many.matches()) {
      return many(name, quoted, many.group(1), many.group(2).equals("["), many.group(3));
    }
    return switch (type) {
      case "int", "uint" -> word("int", "int32", name, quoted, 4);
      case "int8", "uint8", "uint16" -> word("int", type, name, quoted, 4);
      case "hyper", "uhyper" -> word("long", "int64", name, quoted, 8);
      case "double" -> word("double", "float64", name, quoted, 8);
      case "uuid" ->
          new Java(
              "java.util.UUID", "in.uuid(" + quoted + ")", "out.uuid(" + name + ")", 16, false);
      case "string" ->
          new Java(
              "String",
              "in.string(" + quoted + ")",
              "out.string(" + quoted + ", " + name + ")",
              4,
              false);
      case "string?" ->
          new Java(
              "String",
              "in.optionalString(" + quoted + ")",
              "out.optionalString(" + quoted + ", " + name + ")",
              4,
              false);
      default -> structure(name, quoted, type);
    };
  }

  private static Java word(String java, String method, String name, String quoted, int size) {
    return new Java(
        java, "in." + method + "(" + quoted + ")", "out." + method + "(" + name + ")", size, false);
  }

  private Java structure(String name, String quoted, String type) {
    if (type.endsWith("?")) {
      String inner = className(type.substring(0, type.length() - 1));
      return new Java(
          inner,
          "in.present(" + quoted + ") ? " + inner + ".read(in) : null",
          "if (out.present(" + name + ")) {\n      " + name + ".write(out);\n    }",
          4,
          false);
    }
    String inner = className(type);
    return new Java(inner, inner + ".read(in)", name + ".write(out)", smallest(type), false);
  }

  private Java many(String name, String quoted, String element, boolean fixed, String bound) {
    String limits = "(" + quoted + ", " + bound + ")";
    String values = "(" + quoted + ", " + name + ", " + bound + ")";
    return switch (element) {
      case "opaque" -> new Java("byte[]", "in.opaque" + limits, "out.opaque" + values, 4, true);
      case "chars" -> new Java("byte[]", "in.chars" + limits, "out.chars" + values, 4, true);
      case "text" ->
          fixed
              ? new Java(
                  "String",
                  "in.fixedText" + limits,
                  "out.fixedText" + values,
                  4 * Integer.parseInt(bound),
                  false)
              : new Java("String", "in.text" + limits, "out.text" + values, 4, false);
      case "int", "uint" -> new Java("int[]", "in.ints" + limits, "out.ints" + values, 4, true);
      case "hyper", "uhyper" ->
          new Java("long[]", "in.longs" + limits, "out.longs" + values, 4, true);
      case "string" ->
          new Java(
              "java.util.List<String>",
              "in.list("
                  + quoted
                  + ", "
                  + bound
                  + ", 4, element -> element.string("
                  + quoted
                  + "))",
              "out.strings" + values,
              4,
              false);
      default -> {
        String inner = className(element);
        yield new Java(
            "java.util.List<" + inner + ">",
            "in.list("
                + quoted
                + ", "
                + bound
                + ", "
                + smallest(element)
                + ", "
                + inner
                + "::read)",
            "out.list" + values,
            4,
            false);
      }
    };
  }
}
