package org.wardian.x86;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * The instruction set: the rows of {@code instructions.tbl}, whose head explains the notation. Read
 * once, when this class is initialized.
 */
public final class InstructionTable {
  private static final Form[] FORMS = read();
  private static final List<Form> LIST = List.of(FORMS);

  private InstructionTable() {}

  /** All forms, each at the index of its id; unmodifiable. */
  public static List<Form> forms() {
    return LIST;
  }

  /** The form whose id is {@code id}. */
  public static Form form(int id) {
    return FORMS[id];
  }

  /** All forms, each at the index of its id; not to be written. */
  static Form[] array() {
    return FORMS;
  }

  private static Form[] read() {
    try (InputStream in = InstructionTable.class.getResourceAsStream("instructions.tbl")) {
      if (in == null) {
        throw new IllegalStateException("instructions.tbl is missing from the x86 module");
      }
      return new TableParser(in.readAllBytes()).parse();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
