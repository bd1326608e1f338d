package org.wardian.x86;

import java.util.Arrays;

/**
 * The look-up arrays of one CPU model, for 64-bit mode or for the other modes.
 *
 * <p>A cell is 0 (undefined opcode), a form's id plus 1, or the negated start of a sub-table: 16
 * cells by (ModRM.reg, mod is 3), and below these 8 cells by ModRM.rm.
 */
final class DecodeTable {
  /** Cells by map &lt;&lt; 10 | opcode &lt;&lt; 2 | prefix column. */
  final short[] primary = new short[4 << 10];

  /** Sub-tables; index 0 is not used. */
  short[] cells = new short[4096];

  /**
   * By form id: the cell that goes for the form with REX.W (rows w0) or REX.B (rows b0): -1 where
   * the encoding is then undefined; 0 for all other forms.
   */
  final short[] alternate;

  private final Form[] forms;
  private int used = 16;

  /**
   * Builds the arrays from {@code forms}, each at the index of its id.
   *
   * @throws IllegalStateException naming both rows if two claim the same encoding
   */
  DecodeTable(Form[] forms, CpuModel model, boolean longMode) {
    this.forms = forms;
    alternate = new short[forms.length];
    for (int pass = 0; pass < 2; pass++) {
      for (Form form : forms) {
        if (form.encoding.anyPrefix() == (pass == 1)
            && form.validIn(longMode ? 8 : 4)
            && model.has(form)) {
          add(form);
        }
      }
    }
    cells = Arrays.copyOf(cells, used);
  }

  private void add(Form form) {
    Encoding encoding = form.encoding;
    if (encoding.extra() == Encoding.W0) {
      alternate[form.id] = -1;
    }
    for (int opcode = 0; opcode < encoding.opcodes(); opcode++) {
      for (int column = 0; column < 4; column++) {
        if ((encoding.prefixes() >> column & 1) != 0) {
          int at = encoding.map() << 10 | (encoding.opcode() + opcode) << 2 | column;
          if (encoding.dependsOnModrm()) {
            primary[at] = (short) addByModrm(primary[at], form);
          } else {
            primary[at] = (short) put(primary[at], form);
          }
        }
      }
    }
  }

  private int addByModrm(int cell, Form form) {
    int table = cell == 0 ? allocate(16) : -cell;
    if (table < 0) {
      throw overlap(form, cell);
    }
    Encoding encoding = form.encoding;
    if (encoding.fixed() >= 0) {
      int at = table + (encoding.fixed() >> 3 & 7) * 2 + 1;
      int byRm = cells[at] == 0 ? allocate(8) : -cells[at];
      if (byRm < 0) {
        throw overlap(form, cells[at]);
      }
      cells[at] = (short) -byRm;
      for (int i = 0; i < encoding.fixedCount(); i++) {
        int rm = byRm + (encoding.fixed() & 7) + i;
        cells[rm] = (short) put(cells[rm], form);
      }
      return -table;
    }
    for (int reg = 0; reg < 8; reg++) {
      if (encoding.digit() >= 0 && encoding.digit() != reg) {
        continue;
      }
      for (int mod = 0; mod < 2; mod++) {
        if (encoding.mods() == 0 || (encoding.mods() >> mod & 1) != 0) {
          int at = table + reg * 2 + mod;
          cells[at] = (short) put(cells[at], form);
        }
      }
    }
    return -table;
  }

  /** The new content of a cell that {@code form} claims. */
  private int put(int cell, Form form) {
    if (cell == 0) {
      return form.id + 1;
    }
    if (cell > 0) {
      Form other = forms[cell - 1];
      if (form.encoding.anyPrefix() && !other.encoding.anyPrefix()) {
        return cell;
      }
      if (form.encoding.extra() == Encoding.B0) {
        alternate[form.id] = (short) cell;
        return form.id + 1;
      }
      if (form.encoding.extra() == Encoding.W1 && other.encoding.extra() == Encoding.W0) {
        alternate[other.id] = (short) (form.id + 1);
        return cell;
      }
    }
    throw overlap(form, cell);
  }

  private int allocate(int size) {
    int at = used;
    used += size;
    if (used > cells.length) {
      cells = Arrays.copyOf(cells, cells.length * 2);
    }
    return at;
  }

  private IllegalStateException overlap(Form form, int cell) {
    return new IllegalStateException(
        "'"
            + form
            + "' overlaps "
            + (cell > 0 ? "'" + forms[cell - 1] + "'" : "rows chosen by ModRM"));
  }
}
