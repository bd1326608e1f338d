package org.wardian.qmp;

/** What {@code class} says in an error of the protocol (QEMU's qapi/error.json). */
public enum ErrorClass {
  /** The reason is in words only. */
  GENERIC_ERROR("GenericError"),
  /** There is no such command, or not at this time. */
  COMMAND_NOT_FOUND("CommandNotFound"),
  /** The guest does not use the device. */
  DEVICE_NOT_ACTIVE("DeviceNotActive"),
  /** The machine has no such device. */
  DEVICE_NOT_FOUND("DeviceNotFound"),
  /** The host's KVM cannot do it. */
  KVM_MISSING_CAPABILITY("KVMMissingCap");

  private final String text;

  ErrorClass(String text) {
    this.text = text;
  }

  /** As on the wire. */
  public String text() {
    return text;
  }

  /** The class that a peer sent; {@link #GENERIC_ERROR} when it is unknown. */
  static ErrorClass of(String text) {
    for (ErrorClass candidate : values()) {
      if (candidate.text.equals(text)) {
        return candidate;
      }
    }
    return GENERIC_ERROR;
  }
}
