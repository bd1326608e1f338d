import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** A record for each structure, a sealed interface for each union. */
final class StructureSource {
  private final Types types;

  StructureSource(Types types) {
    this.types = types;
  }

  /** Texts by class name. */
  Map<String, String> files() {
    Map<String, String> files = new LinkedHashMap<>();
    for (List<String> row : types.table().of("struct")) {
      String wire = row.get(1).split("=")[0];
      files.put(
          types.className(wire),
          structure(types.className(wire), wire, row.subList(2, row.size())));
    }
    for (List<String> row : types.table().of("union")) {
      String name = types.className(row.get(1));
      files.put(name, union(name, row.get(1), row.subList(2, row.size())));
    }
    if (!files.isEmpty()) {
      files.put("package-info", packageInfo());
    }
    return files;
  }

  private String packageInfo() {
    return "/** Structures and procedures of the program {@code "
        + types.program()
        + "}. Generated. */\n"
        + "package org.wardian.libvirt.wire."
        + types.program()
        + ";\n";
  }

  static String head(String program) {
    return "package org.wardian.libvirt.wire."
        + program
        + ";\n\n"
        + "import org.wardian.libvirt.xdr.XdrException;\n"
        + "import org.wardian.libvirt.xdr.XdrReader;\n"
        + "import org.wardian.libvirt.xdr.XdrStruct;\n"
        + "import org.wardian.libvirt.xdr.XdrWriter;\n\n";
  }

  private String structure(String name, String wire, List<String> fields) {
    StringBuilder components = new StringBuilder();
    StringBuilder reads = new StringBuilder();
    StringBuilder writes = new StringBuilder();
    StringBuilder notes = new StringBuilder();
    boolean arrays = false;
    for (String field : fields) {
      String fieldName = field.substring(0, field.indexOf(':'));
      String type = field.substring(field.indexOf(':') + 1);
      Types.Java java = types.java(fieldName, type);
      String javaName = Table.camel(fieldName, false);
      String separator = components.isEmpty() ? "" : ",";
      components
          .append(separator)
          .append("\n    ")
          .append(java.name())
          .append(' ')
          .append(javaName);
      reads.append(separator).append("\n        ").append(java.read());
      writes.append("    ").append(java.write()).append(java.write().endsWith("}") ? "\n" : ";\n");
      notes
          .append(" * @param ")
          .append(javaName)
          .append(" {@code ")
          .append(type.replace("<", " up to ").replace(">", ""))
          .append("}\n");
      arrays |= java.array();
    }
    return head(types.program())
        + "/**\n * {@code "
        + types.program()
        + "_"
        + wire
        + "}.\n *\n"
        + notes
        + " */\n"
        + "public record "
        + name
        + "("
        + components
        + ")\n    implements "
        + (fields.getFirst().equals("callbackID:int") && wire.endsWith("_msg")
            ? "org.wardian.libvirt.wire.CallbackEvent"
            : "XdrStruct")
        + " {\n"
        + "  /** Reads one. */\n"
        + "  public static "
        + name
        + " read(XdrReader in) throws XdrException {\n"
        + "    return new "
        + name
        + "("
        + reads
        + ");\n  }\n\n"
        + "  @Override\n  public void write(XdrWriter out) throws XdrException {\n"
        + writes
        + "  }\n"
        + (arrays ? equality(name, fields) : "")
        + "}\n";
  }

  /** By content, which a record does not do for its arrays. */
  private String equality(String name, List<String> fields) {
    List<String> names =
        fields.stream()
            .map(field -> Table.camel(field.substring(0, field.indexOf(':')), false))
            .toList();
    String own = names.stream().collect(Collectors.joining(", ", "{", "}"));
    String other =
        names.stream().map(field -> "other." + field).collect(Collectors.joining(", ", "{", "}"));
    return "\n  @Override\n  public boolean equals(Object object) {\n"
        + "    return object instanceof "
        + name
        + " other\n"
        + "        && java.util.Arrays.deepEquals(\n"
        + "            new Object[] "
        + own
        + ",\n            new Object[] "
        + other
        + ");\n  }\n\n"
        + "  @Override\n  public int hashCode() {\n"
        + "    return java.util.Arrays.deepHashCode(new Object[] "
        + own
        + ");\n  }\n";
  }

  private String union(String name, String wire, List<String> cases) {
    StringBuilder reads = new StringBuilder();
    StringBuilder records = new StringBuilder();
    for (String one : cases) {
      String[] parts = one.split(":");
      Types.Java java = types.java("value", parts[2]);
      String record = Table.camel(parts[1].toLowerCase(Locale.ROOT), true) + "Value";
      reads
          .append("      case ")
          .append(parts[0])
          .append(" -> new ")
          .append(record)
          .append("(")
          .append(java.read())
          .append(");\n");
      records
          .append("\n  /** Case ")
          .append(parts[0])
          .append(": {@code ")
          .append(parts[2])
          .append("}. */\n")
          .append("  record ")
          .append(record)
          .append("(")
          .append(java.name())
          .append(" value) implements ")
          .append(name)
          .append(" {\n")
          .append("    @Override\n    public void write(XdrWriter out) throws XdrException {\n")
          .append("      out.int32(")
          .append(parts[0])
          .append(");\n      ")
          .append(java.write())
          .append(";\n    }\n  }\n");
    }
    return head(types.program())
        + "/** {@code "
        + types.program()
        + "_"
        + wire
        + "}: one of several, told apart by a number. */\n"
        + "public sealed interface "
        + name
        + " extends XdrStruct {\n"
        + "  /** Reads the number and what it says. */\n"
        + "  static "
        + name
        + " read(XdrReader in) throws XdrException {\n"
        + "    int discriminant = in.int32(\"type\");\n"
        + "    return switch (discriminant) {\n"
        + reads
        + "      default -> throw new XdrException(\""
        + wire
        + ": there is no case \" + discriminant);\n    };\n  }\n"
        + records
        + "}\n";
  }
}
