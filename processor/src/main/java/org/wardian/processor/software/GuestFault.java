package org.wardian.processor.software;

/**
 * A guest exception on its way to the run loop. One instance a vCPU, reused, without a stack trace:
 * faults are ordinary events of a guest.
 */
public final class GuestFault extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Exception vector, 0 to 31. */
  public int vector;

  /** Error code; meaningful where {@link Vector#hasErrorCode}. */
  public int errorCode;

  GuestFault() {
    super(null, null, false, false);
  }

  @Override
  public String getMessage() {
    return "vector " + vector + " error 0x" + Integer.toHexString(errorCode);
  }
}
