package org.wardian.process.assembly;

/** What a machine is to be made of cannot be had. The message is one line for a person. */
public final class AssemblyException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Whose the fault is. */
  public enum Reason {
    /** What was asked for makes no sense. */
    REQUEST,
    /** An image, a kernel or firmware is damaged, of no use, or not there. */
    IMAGE,
    /** This host does not have it, or does not give it. */
    HOST,
    /** A file cannot be written. */
    STORAGE
  }

  private final Reason reason;

  /** For a reason that is not another exception. */
  public AssemblyException(Reason reason, String message) {
    this(reason, message, null);
  }

  /** For another exception, whose text is in the message. */
  public AssemblyException(Reason reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  /** Whose the fault is. */
  public Reason reason() {
    return reason;
  }
}
