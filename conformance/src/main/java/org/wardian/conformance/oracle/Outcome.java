package org.wardian.conformance.oracle;

/**
 * How an instruction ended.
 *
 * @param vector the exception that it raised, or {@link #COMPLETED}
 * @param errorCode the exception's error code, 0 where it has none
 * @param address the faulting linear address of a page fault, else 0
 */
public record Outcome(int vector, int errorCode, long address) {
  /** The instruction ended without an exception. */
  public static final int COMPLETED = -1;

  /** The engine lost control: a triple fault, or code that is not the case's. */
  public static final int LOST = 256;

  /** The ordinary end. */
  public static final Outcome OK = new Outcome(COMPLETED, 0, 0);

  private static final String[] NAMES = {
    "#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "9", "#TS", "#NP", "#SS", "#GP",
    "#PF", "15", "#MF", "#AC", "#MC", "#XM"
  };

  /** Whether the instruction ended without an exception. */
  public boolean completed() {
    return vector == COMPLETED;
  }

  /** The name of the exception, or "completed". */
  public String kind() {
    return completed()
        ? "completed"
        : vector < NAMES.length ? NAMES[vector] : Integer.toString(vector);
  }

  @Override
  public String toString() {
    if (completed()) {
      return "completed";
    }
    if (vector == LOST) {
      return "lost (triple fault?)";
    }
    return kind()
        + "("
        + Integer.toHexString(errorCode)
        + ")"
        + (vector == 14 ? " at 0x" + Long.toHexString(address) : "");
  }
}
