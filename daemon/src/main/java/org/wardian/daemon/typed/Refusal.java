package org.wardian.daemon.typed;

import org.wardian.libvirt.constants.ErrorDomain;
import org.wardian.libvirt.constants.ErrorLevel;
import org.wardian.libvirt.constants.ErrorNumber;
import org.wardian.libvirt.error.LibvirtException;
import org.wardian.libvirt.wire.remote.ErrorDetails;

/** Errors of libvirt's driver for QEMU, by what is wrong. */
public final class Refusal {
  private Refusal() {}

  /** The state does not allow it: {@code Requested operation is not valid: ...}. */
  public static LibvirtException notNow(String detail) {
    return qemu(ErrorNumber.OPERATION_INVALID, detail);
  }

  /** The domain is not running. */
  public static LibvirtException notRunning() {
    return notNow("domain is not running");
  }

  /** An argument makes no sense: {@code invalid argument: ...}. */
  public static LibvirtException badArgument(String detail) {
    return qemu(ErrorNumber.INVALID_ARG, detail);
  }

  /** It was tried, and did not work: {@code operation failed: ...}. */
  public static LibvirtException failed(String detail) {
    return qemu(ErrorNumber.OPERATION_FAILED, detail);
  }

  /** The same with its cause. */
  public static LibvirtException failed(String detail, Throwable cause) {
    return new LibvirtException(ErrorNumber.OPERATION_FAILED, ErrorDomain.QEMU, detail, cause);
  }

  /** Something unexpected: {@code internal error: ...}. */
  public static LibvirtException internal(String detail) {
    return qemu(ErrorNumber.INTERNAL_ERROR, detail);
  }

  /** The same with its cause. */
  public static LibvirtException internal(String detail, Throwable cause) {
    return new LibvirtException(ErrorNumber.INTERNAL_ERROR, ErrorDomain.QEMU, detail, cause);
  }

  /** A right request for what cannot be had: {@code unsupported configuration: ...}. */
  public static LibvirtException unsupported(String detail) {
    return qemu(ErrorNumber.CONFIG_UNSUPPORTED, detail);
  }

  /** Not with this hypervisor: {@code Operation not supported: ...}. */
  public static LibvirtException notSupported(String detail) {
    return qemu(ErrorNumber.OPERATION_UNSUPPORTED, detail);
  }

  /** The host refuses; the message is shown as it is. */
  public static LibvirtException system(String message, Throwable cause) {
    return new LibvirtException(ErrorNumber.SYSTEM_ERROR, ErrorDomain.QEMU, message, cause);
  }

  /** Any error of this driver. */
  public static LibvirtException qemu(ErrorNumber number, String detail) {
    return new LibvirtException(number, ErrorDomain.QEMU, detail);
  }

  /** An error whose whole message is given: libvirt leaves its usual words away here and there. */
  public static LibvirtException exactly(ErrorNumber number, ErrorDomain domain, String message) {
    return new LibvirtException(
        new ErrorDetails(
            number.number(),
            domain.number(),
            message,
            ErrorLevel.ERROR.number(),
            null,
            "%s",
            message,
            null,
            -1,
            -1,
            null));
  }
}
